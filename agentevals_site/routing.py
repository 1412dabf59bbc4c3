"""Which requests are streams; Django has all others."""

from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from results.streaming.consumers import ChangesStream, RunStream
from results.streaming.hub import Hub

CHANGES = r"^api/runs/events/?$"
RUN_EVENTS = r"^api/runs/(?P<run_id>[^/]+)/events/?$"


def with_streams(django: Any, hub: Hub) -> URLRouter:
    """Return an application that serves event streams beside what ``django`` serves."""
    return URLRouter(
        [
            re_path(CHANGES, ChangesStream.as_asgi(django=django, hub=hub)),
            re_path(RUN_EVENTS, RunStream.as_asgi(django=django, hub=hub)),
            re_path(r"", django),
        ]
    )
