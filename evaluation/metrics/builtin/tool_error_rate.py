"""Share of tool calls that failed."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.conversation.model import ToolCall
from evaluation.metrics.model import Measurement, Task

SHOWN_ERRORS = 20


def measure(task: Task) -> Measurement:
    """Divide failed calls by all calls of the conversation; None without calls."""
    calls = [call for turn in task.turns for call in turn.tool_calls]
    failed = [call for call in calls if call.error is not None]
    return Measurement(
        score=_rate(calls),
        per_invocation=[_rate(turn.tool_calls) for turn in task.turns],
        explanation={
            "calls": len(calls),
            "failed_calls": len(failed),
            "errors": [
                {"tool": call.name, "error": call.error}
                for call in failed[:SHOWN_ERRORS]
            ],
        },
    )


def _rate(calls: Sequence[ToolCall]) -> float | None:
    if not calls:
        return None
    return sum(call.error is not None for call in calls) / len(calls)
