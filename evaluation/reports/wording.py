"""How numbers, durations and verdicts are written in every report."""

from __future__ import annotations

from evaluation.outcome import MetricResult, TraceResult
from evaluation.values import JSON, JSONObject

ICONS = {"PASSED": "[PASS]", "FAILED": "[FAIL]", "NOT_EVALUATED": "[----]"}
UNKNOWN_ICON = "[????]"
NOT_MEASURED = "N/A"

MILLISECONDS_PER_SECOND = 1_000
MILLISECONDS_PER_MINUTE = 60_000


def score(value: float | None) -> str:
    """Write a score with four decimals, ``N/A`` when nothing was measured."""
    return NOT_MEASURED if value is None else f"{value:.4f}"


def duration(milliseconds: float | None) -> str:
    """Write a duration as ``850ms``, ``4.2s`` or ``2m 0s``; empty for None."""
    if milliseconds is None:
        return ""
    whole = round(milliseconds)
    if whole < MILLISECONDS_PER_SECOND:
        return f"{whole}ms"
    if whole < MILLISECONDS_PER_MINUTE:
        return f"{whole / MILLISECONDS_PER_SECOND:.1f}s"
    minutes, seconds = divmod(round(whole / MILLISECONDS_PER_SECOND), 60)
    return f"{minutes}m {seconds}s"


def icon(result: MetricResult) -> str:
    """Return the mark that begins a metric's line."""
    return ICONS.get(result.eval_status, UNKNOWN_ICON)


def arguments(args: JSON) -> str:
    """Write a tool's arguments as JSON; none and unknown are ``{}``."""
    import json

    return json.dumps(args or {})


def errors_block(errors: list[str]) -> list[str]:
    """Write what went wrong with the whole run, then a blank line."""
    if not errors:
        return []
    return ["Errors:", *(f"  - {error}" for error in errors), ""]


def mismatches(result: MetricResult) -> list[tuple[int, JSONObject]]:
    """Return the turns, counted from 1, whose tool calls were not the expected."""
    comparisons = (result.details or {}).get("comparisons") or []
    numbered = enumerate(comparisons, 1)
    return [
        (number, turn)
        for number, turn in numbered
        if isinstance(turn, dict) and not turn.get("matched", True)
    ]


def calls(tool_calls: JSON) -> list[str]:
    """Write tool calls as ``name({args})``; one ``(none)`` for an empty list."""
    written = [
        f"- {call.get('name')}({arguments(call.get('args'))})"
        for call in tool_calls or []
        if isinstance(call, dict)
    ]
    return written or ["(none)"]


def trace_title(trace: TraceResult) -> str:
    """Return what a person calls a trace: its id, or that it has none."""
    return trace.trace_id or "(no trace id)"
