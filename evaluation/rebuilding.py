"""Results that were kept, put together again as the evaluation that they came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evaluation.outcome import EvalStatus, MetricResult, TraceResult
from evaluation.values import JSONObject

_EVAL_STATUS: dict[str, EvalStatus] = {"passed": "PASSED", "failed": "FAILED"}


def eval_status(status: str) -> EvalStatus:
    """Return the contract's word for the status that a result is kept with."""
    return _EVAL_STATUS.get(status, "NOT_EVALUATED")


def rebuild_traces(
    kept: Iterable[tuple[str, MetricResult]], *, agent: str | None = None
) -> list[TraceResult]:
    """Group results by the trace id beside them, in the order in which they came.

    What is kept of a trace are its results: its turns are those that were scored, its
    case is what they say of it.
    """
    by_trace: dict[str, list[MetricResult]] = {}
    for trace_id, metric in kept:
        by_trace.setdefault(trace_id, []).append(metric)
    return [
        TraceResult(
            trace_id=trace_id,
            num_invocations=max(len(m.per_invocation_scores) for m in metrics),
            metric_results=metrics,
            agent_name=agent,
            eval_case_id=_first_text("case_id", metrics),
            eval_case_match=_first_text("case_match", metrics),
        )
        for trace_id, metrics in by_trace.items()
    ]


def _first_text(key: str, metrics: Sequence[MetricResult]) -> str | None:
    """Return the first text under a key; an evaluator may explain itself as it likes."""
    told = (metric.explanation for metric in metrics)
    found = (each.get(key) for each in told if isinstance(each, dict))
    return next((value for value in found if isinstance(value, str)), None)


def told_errors(summary: JSONObject | None) -> list[str]:
    """Return the sentences of a kept summary about what kept a run from being whole."""
    return list((summary or {}).get("errors") or [])
