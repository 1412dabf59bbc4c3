"""The site's own endpoints."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version

from rest_framework.decorators import (
    api_view,
    authentication_classes,
    permission_classes,
)
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api.json import envelope
from runs.api.parameters import refuse_parameters

VERSION = version("agentevals-django")
# Any one of them is enough.
API_KEYS = {
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
}


@api_view(["GET", "HEAD"])
@authentication_classes([])
@permission_classes([])
def health(request: Request) -> Response:
    """Say that the process answers; it looks at nothing else, so it is always quick."""
    refuse_parameters(request)
    return Response(envelope({"status": "ok", "version": VERSION}))


@api_view(["GET", "HEAD"])
def config(request: Request) -> Response:
    """Say which judges' keys the server has, never what they are."""
    refuse_parameters(request)
    return Response(envelope({"apiKeys": present_keys(os.environ), "otlp": None}))


def present_keys(environment: Mapping[str, str]) -> dict[str, bool]:
    """Tell for each provider whether one of its variables holds anything."""
    return {
        provider: any(environment.get(name) for name in names)
        for provider, names in API_KEYS.items()
    }
