"""The trace documents of a run, exactly as they were received."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from rest_framework.request import Request
from rest_framework.response import Response

from evaluation.values import JSONObject
from runs.api.files import saved_as
from runs.api.json import envelope
from runs.api.parameters import refuse_parameters
from runs.api.views import DurableViewSet
from runs.errors import TraceNotFoundError
from runs.models import RunInput

POSITION = re.compile(r"[0-9]{1,9}")
PROTOBUF, JSON_LINES, JSON = (
    "application/x-protobuf",
    "application/x-ndjson",
    "application/json",
)


class RunTraceViewSet(DurableViewSet):
    """What a run evaluates."""

    lookup_field = "position"

    def list(self, request: Request, run_id: str) -> Response:
        """List the trace documents of a run, in their order; their bytes are not here."""
        refuse_parameters(request)
        run = self.run_or_404(run_id, content=False)
        return Response(envelope([render_input(each) for each in run.stored_inputs]))

    def retrieve(
        self, request: Request, run_id: str, position: str
    ) -> HttpResponseBase:
        """Send the document at a place, counted from 0, byte for byte.

        Its ETag is its digest: it never changes, so ``If-None-Match`` costs no bytes.
        """
        refuse_parameters(request)
        run = self.run_or_404(run_id)
        inputs = run.inputs.select_related("document")
        place = int(position) if POSITION.fullmatch(position) else -1
        found = inputs.filter(position=place).defer("document__content").first()
        if found is None:
            raise TraceNotFoundError(run, position)
        etag = quote_etag(found.document.digest)
        answer = get_conditional_response(request._request, etag=etag) or _file(found)
        answer["ETag"] = etag
        return answer


def _file(stored: RunInput) -> HttpResponse:
    name = stored.name or f"{stored.run_id}-{stored.position}.json"
    return HttpResponse(
        stored.document.verbatim(),
        content_type=media_type(stored),
        headers=saved_as(name),
    )


def render_input(stored: RunInput) -> JSONObject:
    """Render which document a run evaluates."""
    return {
        "position": stored.position,
        "name": stored.name or None,
        "format": stored.document.format or None,
        "size": stored.document.size,
        "digest": stored.document.digest,
    }


def media_type(stored: RunInput) -> str:
    """Return what the bytes of a document are, by its format and its name."""
    if stored.document.format == "otlp-proto":
        return PROTOBUF
    return JSON_LINES if stored.name.lower().endswith(".jsonl") else JSON
