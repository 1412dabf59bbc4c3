"""Share of the tool calls made that were expected."""

from __future__ import annotations

from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.pairings import compare_pairings


def measure(task: Task) -> Measurement:
    """Average the precision of the turns; a turn without calls is not measured."""
    return compare_pairings(task, _precision)


def _precision(paired: int, expected: int, made: int) -> float | None:
    return paired / made if made else None
