"""A stored run as the evaluation that it was, for whatever reports on one."""

from __future__ import annotations

from collections.abc import Iterable

from evaluation.outcome import MetricResult, RunResult
from evaluation.rebuilding import eval_status, rebuild_traces, told_errors
from evaluation.values import JSONObject
from results.comparing import eval_set_digest
from results.models import Result
from runs.models import Run, RunStatus


def rebuild(run: Run, results: Iterable[Result]) -> RunResult:
    """Return what the results of a run say, trace by trace in the order they came.

    What is stored of a trace are its results: its turns are those that were scored, and
    its agent is known when the run saw only one. Warnings and performance numbers of
    single traces are not kept.
    """
    summary = run.summary or {}
    agents = summary.get("agents") or []
    agent = agents[0] if len(agents) == 1 else None
    return RunResult(
        trace_results=rebuild_traces(
            (
                (result.trace_id or result.eval_set_item_id, _metric(result))
                for result in results
            ),
            agent=agent,
        ),
        errors=_errors(run, summary),
        performance_metrics=summary.get("performance_metrics"),
        eval_set_digest=eval_set_digest(run.spec),
    )


def _errors(run: Run, summary: JSONObject) -> list[str]:
    """Return what went wrong with the whole: what ended the run, or kept it from all."""
    told = told_errors(summary)
    if told or run.status == RunStatus.SUCCEEDED:
        return told
    return [run.error or f"the run is {run.status}"]


def _metric(result: Result) -> MetricResult:
    return MetricResult(
        metric_name=result.evaluator_name,
        score=result.score,
        eval_status=eval_status(result.status),
        per_invocation_scores=result.per_invocation_scores,
        error=result.error_text,
        details=result.details or None,
        duration_ms=result.latency_ms,
        evaluator_type=result.evaluator_type,
        error_code=result.error_code or None,
        explanation=result.explanation or None,
        tokens_used=result.tokens_used,
    )
