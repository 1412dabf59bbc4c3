"""Tokens of a turn."""

from __future__ import annotations

from evaluation.conversation.model import Invocation
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.turns import TurnScore, look_at_turns
from evaluation.metrics.usage import counted_calls


def measure(task: Task) -> Measurement:
    """Average input and output tokens over turns.

    A turn is measured when the tokens of all its calls that succeeded were counted.
    """
    return look_at_turns(task, _tokens)


def _tokens(turn: Invocation) -> TurnScore:
    calls = counted_calls(turn)
    if calls is None:
        return TurnScore(score=None, explanation={"problem": "tokens not recorded"})
    usages = [call.usage for call in calls]
    parts = {
        "input_tokens": sum(usage.input or 0 for usage in usages),
        "output_tokens": sum(usage.output or 0 for usage in usages),
    }
    return TurnScore(score=float(sum(parts.values())), explanation=parts)
