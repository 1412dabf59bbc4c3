"""Evaluating for a client that waits: with files or JSON, answered at once or streamed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from results.evaluating.asked import Asked, read_files, read_json
from results.evaluating.conversion import convert, read_uploads
from results.evaluating.events import event, events
from results.evaluating.hosts import evaluation_of, host
from runs.apart import apart
from runs.api.access import admit
from runs.api.json import VerbatimJSONRenderer, envelope
from runs.errors import BadRequestError, MalformedFormError

T = TypeVar("T")
# Reading less than this takes less time than changing threads and back.
SMALL = 1 << 20
STREAM_HEADERS = {
    "Cache-Control": "no-cache",
    "Connection": "keep-alive",
    "X-Accel-Buffering": "no",
}


async def evaluate(request: HttpRequest) -> HttpResponse:
    """Evaluate uploaded files."""
    await admit(request)
    return await _answer(await _asked(request, read_files))


async def evaluate_json(request: HttpRequest) -> HttpResponse:
    """Evaluate a trace export in the body."""
    await admit(request)
    return await _answer(await _asked(request, read_json))


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Evaluate uploaded files, telling every step; what is wrong with them too."""
    await admit(request)
    try:
        asked = await _asked(request, read_files)
    except MalformedFormError:
        raise
    except BadRequestError as error:
        return _stream(_refusal(error))
    return _stream(events(evaluation_of(asked)))


async def stream_json(request: HttpRequest) -> StreamingHttpResponse:
    """Evaluate a trace export in the body, telling every step."""
    await admit(request)
    return _stream(events(evaluation_of(await _asked(request, read_json))))


async def convert_files(request: HttpRequest) -> HttpResponse:
    """Show the turns of uploaded traces."""
    await admit(request)
    form = await read(request, read_uploads)
    deadline_s = settings.RUN_DEADLINE.total_seconds()
    return _json(await convert(form, host, deadline_s=deadline_s))


async def read(request: HttpRequest, reader: Callable[[HttpRequest], T]) -> T:
    """Read a request, a large one in another thread."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) <= SMALL:
        return reader(request)
    return await asyncio.to_thread(reader, request)


async def _asked(request: HttpRequest, reader: Callable[[HttpRequest], Asked]) -> Asked:
    """Read what to evaluate, and put stored evaluators where it refers to them."""
    asked = await read(request, reader)
    try:
        if not asked.is_settled:
            await apart(asked.settle)
    except BaseException:
        asked.close()
        raise
    return asked


async def _answer(asked: Asked) -> HttpResponse:
    evaluation = evaluation_of(asked)
    async for _ in evaluation.steps(watch=False):
        pass
    return _json(evaluation.answer)


def _json(data: object) -> HttpResponse:
    body = VerbatimJSONRenderer().render(envelope(data))
    return HttpResponse(body, content_type="application/json")


async def _refusal(error: BadRequestError) -> AsyncIterator[bytes]:
    yield event({"error": str(error)})


def _stream(content: AsyncIterator[bytes]) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        content, content_type="text/event-stream; charset=utf-8", headers=STREAM_HEADERS
    )
