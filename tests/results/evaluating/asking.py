"""Asking for evaluations as a client does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

from django.http import HttpResponse, StreamingHttpResponse
from django.test import AsyncClient

from tests.runs.multipart import CONTENT_TYPE, Part, encode

METRIC = "tool_trajectory_avg_score"
Event = tuple[str, Any]


def form(
    *files: tuple[str, bytes], config: Any = None, golden: bytes | None = None
) -> list[Part]:
    """Return the parts of a form; ``config`` is JSON or, as bytes, what it is."""
    text = config if isinstance(config, bytes) else json.dumps(config or {}).encode()
    parts = [Part("trace_files", content, name) for name, content in files]
    if golden is not None:
        parts.append(Part("eval_set_file", golden, "golden.json"))
    return [*parts, Part("config", text)]


async def post_form(
    client: AsyncClient, parts: Sequence[Part], path: str = "/api/evaluate"
) -> HttpResponse:
    """Send a form."""
    response = await client.post(path, encode(parts), content_type=CONTENT_TYPE)
    return cast("HttpResponse", response)


async def post_json(
    client: AsyncClient, body: Any, path: str = "/api/evaluate/json"
) -> HttpResponse:
    """Send JSON."""
    text = body if isinstance(body, bytes) else json.dumps(body)
    response = await client.post(path, text, content_type="application/json")
    return cast("HttpResponse", response)


def read_events(text: str) -> list[Event]:
    """Take a stream apart: names (empty without one) and data."""
    events = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        events.append((lines.get("event", ""), json.loads(lines["data"])))
    return events


async def events_of(response: HttpResponse) -> list[Event]:
    """Read a streamed answer to its end."""
    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "text/event-stream; charset=utf-8"
    stream = cast("StreamingHttpResponse", response)
    pieces = [
        cast("bytes", piece)
        async for piece in cast("AsyncIterator[bytes]", stream.streaming_content)
    ]
    return read_events(b"".join(pieces).decode())
