"""Balance of precision and recall of the tool calls."""

from __future__ import annotations

from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.pairings import compare_pairings


def measure(task: Task) -> Measurement:
    """Average the F1 of the turns; no call expected and none made is agreement, 1."""
    return compare_pairings(task, _f1)


def _f1(paired: int, expected: int, made: int) -> float:
    calls = expected + made
    return 2 * paired / calls if calls else 1.0
