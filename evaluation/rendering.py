"""Results as JSON documents: the API's camelCase form and the command's form.

Only the keys of the contract's own records and of performance numbers are renamed. Whatever came from a trace, an
eval set or an evaluator keeps its keys.
"""

from __future__ import annotations

import math
from functools import lru_cache

from evaluation.documents import camel
from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.values import JSON, JSONObject

_camel = lru_cache(maxsize=256)(camel)


def to_api(result: RunResult) -> JSONObject:
    """Render a run in the API's form; ``runId`` is for the caller to fill in."""
    return {
        "traceResults": [trace_to_api(trace) for trace in result.trace_results],
        "errors": list(result.errors),
        "performanceMetrics": camel_keys(result.performance_metrics),
        "runId": None,
    }


def trace_to_api(trace: TraceResult) -> JSONObject:
    """Render one trace's results in the API's form."""
    return {
        "traceId": trace.trace_id,
        "numInvocations": trace.num_invocations,
        "metricResults": [metric_to_api(found) for found in trace.metric_results],
        "conversionWarnings": list(trace.conversion_warnings),
        "performanceMetrics": camel_keys(trace.performance_metrics),
        "agentName": trace.agent_name,
        "evalCaseId": trace.eval_case_id,
        "evalCaseMatch": trace.eval_case_match,
    }


def metric_to_api(result: MetricResult) -> JSONObject:
    """Render one result in the API's form: the contract's keys, then ours."""
    return {
        "metricName": result.metric_name,
        "score": result.score,
        "evalStatus": result.eval_status,
        "perInvocationScores": list(result.per_invocation_scores),
        "error": result.error,
        "details": _details_to_api(result),
        "durationMs": result.duration_ms,
        "evaluatorType": result.evaluator_type,
        "errorCode": result.error_code,
        "explanation": finite(result.explanation),
        "tokensUsed": finite(result.tokens_used),
    }


def _details_to_api(result: MetricResult) -> JSON:
    """Rename the one key of the contract's own comparisons; arguments stay as they are."""
    details = finite(result.details)
    if result.evaluator_type != "builtin" or "comparisons" not in (details or {}):
        return details
    compared = [
        {"invocationId" if key == "invocation_id" else key: value for key, value in i}
        for i in (each.items() for each in details["comparisons"])
    ]
    return {**details, "comparisons": compared}


def to_cli_json(result: RunResult) -> JSONObject:
    """Render a run as ``agentevals run -o json`` prints it, keys in that order."""
    document: JSONObject = {
        "traces": [_trace_to_cli(trace) for trace in result.trace_results],
        "errors": list(result.errors),
    }
    if result.performance_metrics:
        document["performance_metrics"] = finite(result.performance_metrics)
    return document


def _trace_to_cli(trace: TraceResult) -> JSONObject:
    document: JSONObject = {
        "trace_id": trace.trace_id,
        "num_invocations": trace.num_invocations,
        "conversion_warnings": list(trace.conversion_warnings),
        "metrics": [_metric_to_cli(found) for found in trace.metric_results],
    }
    if trace.performance_metrics:
        document["performance_metrics"] = finite(trace.performance_metrics)
    return document


def _metric_to_cli(result: MetricResult) -> JSONObject:
    document: JSONObject = {
        "metric_name": result.metric_name,
        "score": result.score,
        "eval_status": result.eval_status,
        "per_invocation_scores": list(result.per_invocation_scores),
        "duration_ms": result.duration_ms,
        "error": result.error,
    }
    if result.details:
        document["details"] = finite(result.details)
    if result.explanation:
        document["explanation"] = finite(result.explanation)
    return document


def camel_keys(measured: JSON) -> JSON:
    """Rename the keys of a block of performance numbers: all of them are our own."""
    if isinstance(measured, dict):
        return {_camel(key): camel_keys(value) for key, value in measured.items()}
    return finite(measured)


def finite(document: JSON) -> JSON:
    """Return a value that every JSON writer can write.

    NaN and the infinities, which JSON lacks, become the texts "NaN", "Infinity" and
    "-Infinity"; everything else is copied as it is.
    """
    holder: list[JSON] = [None]
    waiting: list[tuple[JSON, JSON, JSON]] = [(holder, 0, document)]
    while waiting:
        parent, place, value = waiting.pop()
        if isinstance(value, dict):
            parent[place] = copy = dict.fromkeys(value)
            waiting.extend((copy, key, item) for key, item in value.items())
        elif isinstance(value, (list, tuple)):
            parent[place] = items = [None] * len(value)
            waiting.extend((items, i, item) for i, item in enumerate(value))
        elif isinstance(value, float) and not math.isfinite(value):
            parent[place] = _spelled(value)
        else:
            parent[place] = value
    return holder[0]


def _spelled(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
