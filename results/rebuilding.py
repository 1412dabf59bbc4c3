"""A stored run as the evaluation that it was, for whatever reports on one."""

from __future__ import annotations

from collections.abc import Iterable

from evaluation.outcome import EvalStatus, MetricResult, RunResult, TraceResult
from evaluation.values import JSON, JSONObject
from results.comparing import eval_set_digest
from results.models import Result
from runs.models import Run, RunStatus

EVAL_STATUS: dict[str, EvalStatus] = {"passed": "PASSED", "failed": "FAILED"}


def rebuild(run: Run, results: Iterable[Result]) -> RunResult:
    """Return what the results of a run say, trace by trace in the order they came.

    What is stored of a trace are its results: its turns are those that were scored, and
    its agent is known when the run saw only one. Warnings and performance numbers of
    single traces are not kept.
    """
    summary = run.summary or {}
    by_trace: dict[str, list[Result]] = {}
    for result in results:
        by_trace.setdefault(result.trace_id or result.eval_set_item_id, []).append(
            result
        )
    agents = summary.get("agents") or []
    agent = agents[0] if len(agents) == 1 else None
    return RunResult(
        trace_results=[_trace(*each, agent=agent) for each in by_trace.items()],
        errors=_errors(run, summary),
        performance_metrics=summary.get("performance_metrics"),
        eval_set_digest=eval_set_digest(run.spec),
    )


def _errors(run: Run, summary: JSONObject) -> list[str]:
    """Return what went wrong with the whole: what ended the run, or kept it from all."""
    told: list[str] = list(summary.get("errors") or [])
    if told or run.status == RunStatus.SUCCEEDED:
        return told
    return [run.error or f"the run is {run.status}"]


def _trace(trace_id: str, results: list[Result], *, agent: str | None) -> TraceResult:
    told = [result.explanation for result in results]
    return TraceResult(
        trace_id=trace_id,
        num_invocations=max(len(result.per_invocation_scores) for result in results),
        metric_results=[_metric(result) for result in results],
        agent_name=agent,
        eval_case_id=_first_text("case_id", told),
        eval_case_match=_first_text("case_match", told),
    )


def _first_text(key: str, explanations: list[JSON]) -> str | None:
    """Return the first text under a key; an evaluator may explain itself as it likes."""
    found = (each.get(key) for each in explanations if isinstance(each, dict))
    return next((value for value in found if isinstance(value, str)), None)


def _metric(result: Result) -> MetricResult:
    return MetricResult(
        metric_name=result.evaluator_name,
        score=result.score,
        eval_status=EVAL_STATUS.get(result.status, "NOT_EVALUATED"),
        per_invocation_scores=result.per_invocation_scores,
        error=result.error_text,
        details=result.details or None,
        duration_ms=result.latency_ms,
        evaluator_type=result.evaluator_type,
        error_code=result.error_code or None,
        explanation=result.explanation or None,
        tokens_used=result.tokens_used,
    )
