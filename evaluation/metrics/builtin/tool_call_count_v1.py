"""Tool calls of a turn."""

from __future__ import annotations

from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.turns import TurnScore, look_at_turns


def measure(task: Task) -> Measurement:
    """Average the number of tool calls over turns."""
    return look_at_turns(
        task, lambda turn: TurnScore(score=float(len(turn.tool_calls)))
    )
