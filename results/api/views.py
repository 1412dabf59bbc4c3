"""The result endpoints."""

from __future__ import annotations

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from results.models import Result
from results.rendering import render_result
from results.retrying import retry
from runs.api.json import envelope
from runs.api.rendering import render_run
from runs.api.views import DurableViewSet, read_body
from runs.requests import read_units
from runs.wakeups import announce_work


class RunResultViewSet(DurableViewSet):
    """What was found in one run."""

    def list(self, request: Request, run_id: str) -> Response:
        """List the results of a run, oldest first."""
        run = self.run_or_404(run_id)
        results = Result.objects.filter(run=run).oldest_first()
        return Response(envelope([render_result(result) for result in results]))


class RunRetryViewSet(DurableViewSet):
    """Another attempt of a run that has ended."""

    def create(self, request: Request, run_id: str) -> Response:
        """Queue the run again; its units that have a verdict are kept unless named."""
        units = read_units(read_body(request))
        run = self.run_or_404(run_id)
        retry(run.pk, units)
        announce_work()
        run = self.run_or_404(run_id, content=False)
        body = envelope(render_run(run))
        return Response(body, status=status.HTTP_202_ACCEPTED)
