"""Share of turns that call none of the forbidden tools."""

from __future__ import annotations

from evaluation.conversation.model import Invocation
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.turns import TurnScore, look_at_turns


def measure(task: Task) -> Measurement:
    """Score 0 for a turn that calls a forbidden tool, else 1, and average."""
    forbidden = frozenset(task.options["tools"])

    def look(turn: Invocation) -> TurnScore:
        called = sorted({call.name for call in turn.tool_calls} & forbidden)
        if called:
            return TurnScore(score=0.0, explanation={"forbidden_calls": called})
        return TurnScore(score=1.0)

    return look_at_turns(task, look)
