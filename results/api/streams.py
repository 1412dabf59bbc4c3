"""Opening an event stream; the ASGI application carries it on (``results.streaming``)."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework import status
from rest_framework.request import Request

from results.streaming.frames import CONTENT_TYPE
from results.streaming.positions import HEADER, last_event_id, unusable
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
        number = last_event_id(header, request.query_params)
        run = self.run_or_404(run_id)
        if number > run.event_seq:
            cure = f"the run has {run.event_seq} events"
            raise unusable(bool(header), str(number), cure)
        if run.is_terminal and number == run.event_seq:
            return HttpResponse(status=status.HTTP_204_NO_CONTENT)
        return event_stream()


def event_stream() -> HttpResponse:
    """Return the head of a stream."""
    return HttpResponse(content_type=CONTENT_TYPE, headers=HEADERS)
