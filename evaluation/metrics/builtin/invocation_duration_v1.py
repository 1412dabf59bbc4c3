"""Seconds that a turn takes."""

from __future__ import annotations

from evaluation.conversation.model import NANOSECONDS_PER_SECOND, Invocation
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.turns import TurnScore, look_at_turns


def measure(task: Task) -> Measurement:
    """Average the seconds from start to end over turns; unfinished ones do not count."""
    return look_at_turns(task, lambda turn: TurnScore(score=_seconds(turn)))


def _seconds(turn: Invocation) -> float | None:
    if turn.started_ns is None or turn.ended_ns is None:
        return None
    return max(0, turn.ended_ns - turn.started_ns) / NANOSECONDS_PER_SECOND
