"""Opening an event stream; the ASGI application carries it on (``results.streaming``)."""

from __future__ import annotations

from django.http import HttpResponse, QueryDict
from rest_framework import status
from rest_framework.request import Request

from results.streaming.frames import CONTENT_TYPE
from results.streaming.positions import (
    HEADER,
    PARAMETER,
    last_moment,
    last_number,
    unusable,
)
from runs.api.parameters import Parameters, text
from runs.api.views import DurableViewSet

HEADERS = {
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",  # nginx would hold events back
}


class RunEventViewSet(DurableViewSet):
    """What happens to one run."""

    def list(self, request: Request, run_id: str) -> HttpResponse:
        """Stream the events of a run from the beginning or from ``Last-Event-ID``.

        204 when the run has ended and the client has everything: it need not come back.
        """
        header = request.headers.get(HEADER)
        number = last_number(header, known(request))
        run = self.run_or_404(run_id)
        if number > run.event_seq:
            cure = f"the run has {run.event_seq} events"
            raise unusable(bool(header), str(number), cure)
        if run.is_terminal and number == run.event_seq:
            return HttpResponse(status=status.HTTP_204_NO_CONTENT)
        return event_stream()


class RunChangeViewSet(DurableViewSet):
    """What happens to all runs."""

    def list(self, request: Request) -> HttpResponse:
        """Stream where runs stand whenever that changes, from now or ``Last-Event-ID``."""
        last_moment(request.headers.get(HEADER), known(request))
        self.require_storage()
        return event_stream()


def known(request: Request) -> QueryDict:
    """Return the query, which has no parameter but one.

    Raises:
        InvalidSubmissionError: it has another.
    """
    parameters = Parameters(request.query_params)
    parameters.take(PARAMETER, text)
    parameters.check()
    return request.query_params


def event_stream() -> HttpResponse:
    """Return the head of a stream."""
    return HttpResponse(content_type=CONTENT_TYPE, headers=HEADERS)
