"""The result endpoints."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from evaluation.values import JSONObject
from results.models import Result
from runs.api.json import envelope
from runs.api.views import DurableViewSet


class RunResultViewSet(DurableViewSet):
    """What was found in one run."""

    def list(self, request: Request, run_id: str) -> Response:
        """List the results of a run, oldest first."""
        run = self.run_or_404(run_id)
        results = Result.objects.filter(run=run).oldest_first()
        return Response(envelope([render_result(result) for result in results]))


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
