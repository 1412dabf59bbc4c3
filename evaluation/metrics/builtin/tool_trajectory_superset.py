"""Share of the expected tool calls that were made."""

from __future__ import annotations

from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.pairings import compare_pairings


def measure(task: Task) -> Measurement:
    """Average the recall of the turns; where nothing is expected, nothing is measured."""
    return compare_pairings(task, _recall)


def _recall(paired: int, expected: int, made: int) -> float | None:
    return paired / expected if expected else None
