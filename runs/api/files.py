"""Answers that are files: saved under a harmless name, and sent while they are made."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from rest_framework.request import Request

MAX_FILE_NAME = 100


def saved_as(name: str) -> dict[str, str]:
    """Return the header under which a browser saves a file, whatever ``name`` holds."""
    harmless = re.sub(r"[^\w.-]+", "_", name).lstrip(".")[-MAX_FILE_NAME:]
    header = content_disposition_header(as_attachment=True, filename=harmless or "file")
    return {"Content-Disposition": header or "attachment"}


def stream(
    request: Request, chunks: Iterator[bytes], *, name: str, media_type: str
) -> StreamingHttpResponse:
    """Send a file chunk by chunk: no more of it is in memory than the next."""
    is_async = isinstance(request._request, ASGIRequest)
    return StreamingHttpResponse(
        awaited(chunks) if is_async else chunks,
        content_type=media_type,
        headers=saved_as(name),
    )


async def awaited(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Take each chunk in the thread of the view, which has the database's connection."""

    def take() -> bytes | None:
        return next(chunks, None)

    while (chunk := await sync_to_async(take)()) is not None:
        yield chunk
