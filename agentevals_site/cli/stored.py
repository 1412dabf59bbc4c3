"""What a server has found, as the command line reports what it finds itself."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agentevals_site.cli.server import Server
from evaluation.eval_sets import parse_eval_set
from evaluation.eval_sets.digest import digest
from evaluation.outcome import EvalStatus, MetricResult, RunResult, TraceResult
from evaluation.values import JSON, JSONObject

STATUSES: dict[str, EvalStatus] = {"passed": "PASSED", "failed": "FAILED"}


def read_run(server: Server, run_id: str) -> RunResult:
    """Read a run that has ended.

    A server keeps results, not conversations: how long the turns took is not told.

    Raises:
        ServerError: the server does not give it.
    """
    run = server.get(f"runs/{run_id}")
    results = server.get(f"runs/{run_id}/results")
    by_trace: dict[str, list[JSONObject]] = {}
    for row in results:
        by_trace.setdefault(row["traceId"] or row["evalSetItemId"], []).append(row)
    golden = run["spec"].get("evalSet")
    return RunResult(
        trace_results=[_trace(name, rows) for name, rows in by_trace.items()],
        errors=_errors(run),
        performance_metrics=(run["summary"] or {}).get("performance_metrics"),
        eval_set_digest=digest(parse_eval_set(golden)) if golden else None,
    )


def merge(results: Sequence[tuple[str, RunResult]]) -> RunResult:
    """Join what was found in several files; a single result is left as it is."""
    if len(results) == 1:
        return results[0][1]
    return RunResult(
        trace_results=[trace for _, each in results for trace in each.trace_results],
        errors=[f"{name}: {error}" for name, each in results for error in each.errors],
        eval_set_digest=results[0][1].eval_set_digest,
    )


def _errors(run: JSONObject) -> list[str]:
    told: list[str] = list((run["summary"] or {}).get("errors") or [])
    if run["status"] == "succeeded" or told:
        return told
    return [run["error"] or f"The run was {run['status']}."]


def _trace(trace_id: str, rows: Sequence[JSONObject]) -> TraceResult:
    metrics = [_metric(row) for row in rows]
    told: JSON = next((m.explanation for m in metrics if m.explanation), {})
    return TraceResult(
        trace_id=trace_id,
        num_invocations=max(len(m.per_invocation_scores) for m in metrics),
        metric_results=metrics,
        eval_case_id=told.get("case_id"),
        eval_case_match=told.get("case_match"),
    )


def _metric(row: JSONObject) -> MetricResult:
    fields = {
        "metric_name": row["evaluatorName"],
        "score": row["score"],
        "eval_status": STATUSES.get(row["status"], "NOT_EVALUATED"),
        "per_invocation_scores": row["perInvocationScores"],
        "error": row["errorText"],
        "error_code": row["errorCode"],
        "details": row["details"] or None,
        "explanation": row["explanation"] or None,
        "duration_ms": row["latencyMs"],
        "evaluator_type": row["evaluatorType"],
        "tokens_used": row["tokensUsed"],
    }
    return msgspec.convert(fields, MetricResult)
