"""Short ways to say what traces and eval sets hold."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from evaluation.config import EvaluationConfig, parse_config
from evaluation.conversation.model import (
    Content,
    Conversation,
    Invocation,
    ModelCall,
    ToolCall,
    Usage,
)
from evaluation.eval_sets import EvalCase, EvalSet, ExpectedTurn
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.registry import METRICS
from evaluation.values import JSON, JSONObject


def call(name: str, args: JSONObject | None = None, **rest: JSON) -> ToolCall:
    return ToolCall(name=name, args=args, **rest)


def calls(names: str) -> tuple[ToolCall, ...]:
    """Make calls without arguments from names separated by spaces."""
    return tuple(call(name, {}) for name in names.split())


def turn(
    user: str | None = "hello",
    answer: str | None = "hi",
    tools: str | Sequence[ToolCall] = "",
    **rest: JSON,
) -> Invocation:
    return Invocation(
        invocation_id=rest.pop("invocation_id", "turn"),
        user_content=None if user is None else Content.of_text(user, role="user"),
        final_response=None
        if answer is None
        else Content.of_text(answer, role="model"),
        tool_calls=calls(tools) if isinstance(tools, str) else tuple(tools),
        **rest,
    )


def golden(
    user: str = "hello",
    answer: str | None = "hi",
    tools: str | Sequence[ToolCall] = "",
) -> ExpectedTurn:
    return ExpectedTurn(
        user_content=Content.of_text(user, role="user"),
        final_response=None
        if answer is None
        else Content.of_text(answer, role="model"),
        tool_calls=calls(tools) if isinstance(tools, str) else tuple(tools),
    )


def model_call(model: str = "small", **rest: JSON) -> ModelCall:
    """Make a model call; kinds of tokens are given by the names of ``Usage``."""
    counted = {key: rest.pop(key) for key in Usage.__struct_fields__ if key in rest}
    return ModelCall(
        span_id="span", request_model=model, usage=Usage(**counted), **rest
    )


def conversation(*turns: Invocation, trace_id: str = "trace") -> Conversation:
    return Conversation(trace_id=trace_id, invocations=turns)


def eval_set(*cases: Sequence[ExpectedTurn]) -> EvalSet:
    """Make an eval set of cases ``case_0``, ``case_1`` ..."""
    return EvalSet(
        eval_set_id="set",
        cases=tuple(
            EvalCase(case_id=f"case_{i}", turns=tuple(turns))
            for i, turns in enumerate(cases)
        ),
    )


def config(*metrics: str | JSONObject, **rest: JSON) -> EvaluationConfig:
    """Make a configuration of metric names and of entries for built-in metrics."""
    entries = [
        {"name": metric, "type": "builtin"}
        if isinstance(metric, str)
        else {"type": "builtin", **metric}
        for metric in metrics
    ]
    return parse_config({"evaluators": entries, **rest})


def measure(
    metric: str,
    actual: Sequence[Invocation],
    expected: Sequence[ExpectedTurn] | None = None,
    **options: JSON,
) -> Measurement:
    """Run one built-in metric directly."""
    measured = METRICS[metric].load()(
        Task(
            conversation=conversation(*actual),
            expected=None if expected is None else tuple(expected),
            options=options,
        )
    )
    assert isinstance(measured, Measurement)
    return measured


def ticking(step_s: float = 1.0) -> Callable[[], float]:
    """Make a clock that advances by ``step_s`` at every look."""
    ticks = itertools.count()
    return lambda: next(ticks) * step_s
