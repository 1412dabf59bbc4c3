"""Share of required tools that a conversation calls."""

from __future__ import annotations

from evaluation.metrics.model import Measurement, Task


def measure(task: Task) -> Measurement:
    """Count the required tools that any turn calls; a turn's number is its own share."""
    required = frozenset(task.options["tools"])
    by_turn = [
        {call.name for call in turn.tool_calls} & required for turn in task.turns
    ]
    called = set().union(*by_turn)
    return Measurement(
        score=len(called) / len(required),
        per_invocation=[len(found) / len(required) for found in by_turn],
        explanation={"missing_tools": sorted(required - called)},
    )
