"""The result endpoints."""

from __future__ import annotations

from typing import Any

from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from results.aggregation import aggregate
from results.api.queries import (
    NEWEST_FIRST,
    OLDEST_FIRST,
    AggregateQuery,
    ResultQuery,
)
from results.models import Result
from results.rendering import render_result
from results.retrying import retry
from runs.api.json import envelope
from runs.api.paging import Page
from runs.api.views import DurableViewSet, read_body
from runs.requests import read_units
from runs.wakeups import announce_work


class RunResultViewSet(DurableViewSet):
    """What was found in one run."""

    def list(self, request: Request, run_id: str) -> Response:
        """List the results of a run, oldest first; all of them unless there is a limit."""
        query = ResultQuery.of_one_run(request.query_params)
        results = self.run_or_404(run_id).results.filter(query.condition)
        page = OLDEST_FIRST.page(results, limit=query.limit, after=query.after)
        return Response(render_page(page))


class ResultViewSet(DurableViewSet):
    """What was found in all runs."""

    def list(self, request: Request) -> Response:
        """List results, newest first; `nextCursor` leads to the next page."""
        query = ResultQuery.of_all_runs(request.query_params)
        self.require_storage()
        results = Result.objects.filter(query.condition)
        page = NEWEST_FIRST.page(results, limit=query.limit, after=query.after)
        return Response(render_page(page))

    @action(detail=False)
    def aggregate(self, request: Request) -> Response:
        """Sum results up by evaluator, or by evaluator and day."""
        query = AggregateQuery.read(request.query_params)
        self.require_storage()
        results = Result.objects.filter(query.condition)
        return Response(envelope(aggregate(results, by_day=query.by_day)))


def render_page(page: Page[Result]) -> dict[str, Any]:
    """Render a page of results and where the next begins."""
    rendered = [render_result(result) for result in page.rows]
    return envelope(rendered, nextCursor=page.next_cursor)


class RunRetryViewSet(DurableViewSet):
    """Another attempt of a run that has ended."""

    def create(self, request: Request, run_id: str) -> Response:
        """Queue the run again; its units that have a verdict are kept unless named."""
        units = read_units(read_body(request))
        run = self.run_or_404(run_id)
        retry(run.pk, units)
        announce_work()
        return self.whole_run(run_id, code=status.HTTP_202_ACCEPTED)
