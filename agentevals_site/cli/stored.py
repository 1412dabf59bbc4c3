"""What a server has found, as the command line reports what it finds itself."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agentevals_site.cli.server import Server
from evaluation.eval_sets import parse_eval_set
from evaluation.eval_sets.digest import digest
from evaluation.outcome import MetricResult, RunResult
from evaluation.rebuilding import eval_status, rebuild_traces, told_errors
from evaluation.values import JSONObject


def read_run(server: Server, run_id: str) -> RunResult:
    """Read a run that has ended.

    A server keeps results, not conversations: how long the turns took is not told.

    Raises:
        ServerError: the server does not give it.
    """
    run = server.get(f"runs/{run_id}")
    results = server.get(f"runs/{run_id}/results")
    golden = run["spec"].get("evalSet")
    return RunResult(
        trace_results=rebuild_traces(
            (row["traceId"] or row["evalSetItemId"], _metric(row)) for row in results
        ),
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
    told = told_errors(run["summary"])
    if run["status"] == "succeeded" or told:
        return told
    return [run["error"] or f"The run was {run['status']}."]


def _metric(row: JSONObject) -> MetricResult:
    fields = {
        "metric_name": row["evaluatorName"],
        "score": row["score"],
        "eval_status": eval_status(row["status"]),
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
