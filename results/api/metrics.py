"""What can be measured."""

from __future__ import annotations

from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from evaluation.metrics.registry import describe
from runs.api.json import envelope


@api_view(["GET", "HEAD"])
def list_metrics(request: Request) -> Response:
    """List the metrics: the contract's in its order, then ours."""
    return Response(envelope(describe()))
