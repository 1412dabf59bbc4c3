"""Model calls of a turn."""

from __future__ import annotations

from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.turns import TurnScore, look_at_turns


def measure(task: Task) -> Measurement:
    """Average the number of model calls over turns.

    A trace without a single model call did not record them: nothing is measured.
    """
    recorded = any(turn.model_calls for turn in task.turns)
    return look_at_turns(
        task,
        lambda turn: TurnScore(
            score=float(len(turn.model_calls)) if recorded else None
        ),
    )
