"""The description as JSON, and two pages to read it and to try it.

Their scripts come from a package beside the server; the pages load nothing from elsewhere.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic import TemplateView
from drf_spectacular.settings import spectacular_settings
from rest_framework.decorators import (
    api_view,
    authentication_classes,
    permission_classes,
    renderer_classes,
    schema,
)
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api.json import Verbatim, VerbatimJSONRenderer
from runs.api.parameters import refuse_parameters

# Both readers make style elements; Redoc works in a thread made of a blob.
CONTENT_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; worker-src blob:; frame-ancestors 'none'"
)


@api_view(["GET", "HEAD"])
@authentication_classes([])
@permission_classes([])
@renderer_classes([VerbatimJSONRenderer])
@schema(None)
def openapi(request: Request) -> Response:
    """Answer the description of the API."""
    refuse_parameters(request)
    return Response(rendered())


@cache
def rendered() -> Verbatim:
    """Return the description as JSON; its generator is loaded when it is first asked."""
    return Verbatim(
        msgspec.json.encode(spectacular_settings.DEFAULT_GENERATOR_CLASS().get_schema())
    )


class ReaderView(TemplateView):
    """A page that shows the description."""

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Answer with the page, which may load only what is the server's own."""
        response = super().dispatch(request, *args, **kwargs)
        response["Content-Security-Policy"] = CONTENT_POLICY
        return response
