"""Answers that are files: whatever the client accepts, and saved under a harmless name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.http import content_disposition_header
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

MAX_FILE_NAME = 100


class AsItIs(BaseContentNegotiation):
    """Does not choose: the file is what it is, and a problem is JSON.

    So ``?format=`` is the endpoint's own, and an ``Accept`` of the file's type is no 406.
    """

    def select_parser(
        self, request: Request, parsers: Iterable[BaseParser]
    ) -> BaseParser | None:
        """Take the first."""
        return next(iter(parsers), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Take the first."""
        first = next(iter(renderers))
        return first, str(first.media_type)


def saved_as(name: str) -> dict[str, str]:
    """Return the header under which a browser saves a file, whatever ``name`` holds."""
    harmless = re.sub(r"[^\w.-]+", "_", name).lstrip(".")[-MAX_FILE_NAME:]
    header = content_disposition_header(as_attachment=True, filename=harmless or "file")
    return {"Content-Disposition": header or "attachment"}
