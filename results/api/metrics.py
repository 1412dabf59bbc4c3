"""What can be measured."""

from __future__ import annotations

from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from evaluation.config.model import EvaluatorSpec
from evaluation.metrics.registry import describe
from evaluation.values import JSONObject
from results.usability import unusable_reason
from runs.api.json import envelope
from runs.api.parameters import refuse_parameters


@api_view(["GET", "HEAD"])
def list_metrics(request: Request) -> Response:
    """List the metrics: the contract's in its order, then ours."""
    refuse_parameters(request)
    return Response(envelope([_here(metric) for metric in describe()]))


def _here(described: JSONObject) -> JSONObject:
    """Say of a metric that asks a judge whether there is one here."""
    if not described["requiresLLM"]:
        return described
    name = described["name"]
    reason = unusable_reason(EvaluatorSpec(name=name, metric=name))
    return {**described, "usable": reason is None, "unusableReason": reason}
