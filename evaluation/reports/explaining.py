"""Why each verdict is what it is, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.reports.wording import icon, score, trace_title
from evaluation.values import JSON, JSONObject

# Keys of a turn's explanation that list names, and what to call them.
CALLS = (("missing_calls", "missing"), ("unexpected_calls", "unexpected"))
WORDS = (("missing_tokens", "missing words"), ("unexpected_tokens", "surplus words"))
SHOWN_TURNS = 5
SHOWN_NAMES = 6
SHOWN_VALUE_CHARACTERS = 60
SHOWN_ID_CHARACTERS = 12
CHOSEN_BY = {
    "explicit": "named by the trace",
    "user_text": "same user text",
    "single_case": "the only case",
    "first_case": "the first case, no user text matched",
}


def totals(result: RunResult) -> str:
    """Count the verdicts over all traces in one line."""
    metrics = [m for trace in result.trace_results for m in trace.metric_results]
    counts = Counter(_counted_as(metric) for metric in metrics)
    parts = [f"{count} {name}" for name, count in counts.items()]
    if result.errors:
        parts.append(_plural(len(result.errors), "error") + " of the run")
    traces = _plural(len(result.trace_results), "trace")
    return f"{', '.join(parts) or 'nothing evaluated'} in {traces}"


def verdict_lines(result: RunResult) -> list[str]:
    """Explain every verdict of a run, then count them; empty without metrics."""
    lines = []
    for trace in result.trace_results:
        for metric in trace.metric_results:
            first, *rest = reasons(metric, trace) or [""]
            about = f"{trace_title(trace)[:SHOWN_ID_CHARACTERS]} {metric.metric_name}"
            lines.append(f"  {icon(metric)} {about}: {first}".rstrip(": "))
            lines += [f"         {reason}" for reason in rest]
    return ["Verdicts:", *lines, "", totals(result) + "."] if lines else []


def reasons(metric: MetricResult, trace: TraceResult) -> list[str]:
    """Say what one verdict rests on: the numbers first, then turn by turn."""
    told = metric.explanation or {}
    grounds = [_numbers(metric, told), _match_type(told), _case(trace)]
    first = "; ".join(ground for ground in grounds if ground)
    return ([first] if first else []) + list(_turns(told, metric.eval_status))


def _counted_as(metric: MetricResult) -> str:
    if metric.status != "skipped":
        return metric.status
    return "not evaluated" if metric.score is None else "informational"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _numbers(metric: MetricResult, told: JSONObject) -> str:
    if metric.score is None:
        return f"not measured ({metric.error_code or metric.eval_status})"
    threshold = told.get("threshold")
    if threshold is None:
        return f"score {score(metric.score)}"
    # Which of the two passes depends on the metric; the relation itself never does.
    relation = ">=" if metric.score >= threshold else "<"
    return f"score {score(metric.score)} {relation} threshold {threshold}"


def _match_type(told: JSONObject) -> str:
    match_type = told.get("match_type")
    return f"match type {match_type}" if match_type else ""


def _case(trace: TraceResult) -> str:
    if trace.eval_case_id is None:
        return ""
    how = CHOSEN_BY.get(trace.eval_case_match or "", trace.eval_case_match)
    return f"case {trace.eval_case_id!r}" + (f" ({how})" if how else "")


def _turns(told: JSONObject, status: str) -> Iterator[str]:
    lists = (*CALLS, *(WORDS if status == "FAILED" else ()))
    turns = told.get("turns") or []
    shown = 0
    for number, turn in enumerate(turns, 1):
        told_of = list(_turn(turn, lists)) if isinstance(turn, dict) else []
        if told_of and shown == SHOWN_TURNS:
            yield "and further turns"
            break
        if told_of:
            shown += 1
            yield f"turn {number}: " + "; ".join(told_of)
    missing = told.get("missing_turns") or []
    if missing:
        turns_of_case = ", ".join(str(number + 1) for number in missing)
        yield f"turns of the case that never came: {turns_of_case}"


def _turn(turn: JSONObject, lists: tuple[tuple[str, str], ...]) -> Iterator[str]:
    difference = turn.get("first_difference")
    if isinstance(difference, dict):
        yield _difference(difference)
    for key, label in lists:
        names = list(dict.fromkeys(str(name) for name in turn.get(key) or ()))
        if names:
            more = ", …" if len(names) > SHOWN_NAMES else ""
            yield f"{label} {', '.join(names[:SHOWN_NAMES])}{more}"
    if isinstance(turn.get("problem"), str):
        yield turn["problem"]


def _difference(difference: JSONObject) -> str:
    place = " ".join(
        str(difference[key]) for key in ("tool", "path") if difference.get(key)
    )
    sides = [
        f"{label} {_shown(difference[key])}"
        for key, label in (("expected", "expected"), ("actual", "got"))
        if key in difference
    ]
    return f"{place}: " + (", ".join(sides) or str(difference.get("problem")))


def _shown(value: JSON) -> str:
    import json

    text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > SHOWN_VALUE_CHARACTERS:
        return text[: SHOWN_VALUE_CHARACTERS - 1] + "…"
    return text
