"""The site's own endpoints."""

from __future__ import annotations

from importlib.metadata import version

from rest_framework.decorators import (
    api_view,
    authentication_classes,
    permission_classes,
)
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api.json import envelope

VERSION = version("agentevals-django")


@api_view(["GET", "HEAD"])
@authentication_classes([])
@permission_classes([])
def health(request: Request) -> Response:
    """Say that the process answers; it looks at nothing else, so it is always quick."""
    return Response(envelope({"status": "ok", "version": VERSION}))
