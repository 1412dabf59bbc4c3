"""The result endpoints."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from results.models import Result
from results.rendering import render_result
from runs.api.json import envelope
from runs.api.views import DurableViewSet


class RunResultViewSet(DurableViewSet):
    """What was found in one run."""

    def list(self, request: Request, run_id: str) -> Response:
        """List the results of a run, oldest first."""
        run = self.run_or_404(run_id)
        results = Result.objects.filter(run=run).oldest_first()
        return Response(envelope([render_result(result) for result in results]))
