"""A result as the contract's JSON, for whoever reads it."""

from __future__ import annotations

from evaluation.values import JSONObject
from results.models import Result


def render_result(result: Result) -> JSONObject:
    """Render a result as the contract's JSON; what is ours comes last."""
    return {
        "resultId": result.result_id,
        "runId": result.run_id,
        "evalSetItemId": result.eval_set_item_id,
        "evalSetItemName": result.eval_set_item_name,
        "evaluatorName": result.evaluator_name,
        "evaluatorType": result.evaluator_type,
        "status": result.status,
        "score": result.score,
        "perInvocationScores": result.per_invocation_scores,
        "traceId": result.trace_id,
        "spanId": result.span_id,
        "details": result.details,
        "errorText": result.error_text,
        "tokensUsed": result.tokens_used,
        "latencyMs": result.latency_ms,
        "createdAt": result.created_at,
        "attempt": result.attempt,
        "explanation": result.explanation,
        "errorCode": result.error_code or None,
    }
