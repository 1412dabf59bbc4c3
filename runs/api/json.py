"""JSON on the wire: bodies are read raw, answers are written fast and verbatim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import msgspec
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

Verbatim = msgspec.Raw
"""Bytes of JSON that go into an answer exactly as they are."""


class BodyParser(BaseParser):
    """Hands the body on as bytes: the reader of each request checks it whole."""

    media_type = "application/json"

    def parse(  # type: ignore[override]  # bytes instead of a mapping is the point
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the body."""
        return stream.read()


class VerbatimJSONRenderer(BaseRenderer):
    """Writes values, and ``Verbatim`` bytes as they are; non-finite numbers are null."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the body; none for no data."""
        if data is None:
            return b""
        body = msgspec.json.encode(data)
        indent = (renderer_context or {}).get("indent")
        return msgspec.json.format(body, indent=indent) if indent else body


def envelope(data: Any, **beside: Any) -> dict[str, Any]:
    """Wrap a payload as the contract does; what is ours stands ``beside`` it."""
    return {"data": data, "error": None, **beside}
