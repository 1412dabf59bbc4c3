"""What evaluators in Python import; they need install nothing for it."""

from __future__ import annotations

from evaluation.evaluators.sdk import (
    EvalInput,
    EvalResult,
    EvalStatus,
    IntermediateStepData,
    InvocationData,
    ToolCallData,
    ToolResponseData,
    evaluator,
)

__all__ = [
    "EvalInput",
    "EvalResult",
    "EvalStatus",
    "IntermediateStepData",
    "InvocationData",
    "ToolCallData",
    "ToolResponseData",
    "evaluator",
]
