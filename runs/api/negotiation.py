"""Which renderer answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import Http404
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class LenientNegotiation(DefaultContentNegotiation):
    """What a client accepts, or the first there is.

    The contract looks at ``Accept`` nowhere: whoever wants what there is not gets JSON.
    """

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Return a renderer and the media type to answer with."""
        offered = list(renderers)
        try:
            chosen: Any = super().select_renderer(request, offered, format_suffix)
        except (NotAcceptable, Http404):
            return offered[0], str(offered[0].media_type)
        renderer, media_type = chosen
        return renderer, media_type
