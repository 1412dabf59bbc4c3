"""Clients of event streams that read from a socket, hundreds of them in one loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

PATIENCE_S = 60.0


class Event(NamedTuple):
    """One event as a client sees it."""

    ident: str
    name: str
    data: Any


class Stream:
    """One open stream."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Wrap an open connection."""
        self._reader, self.writer = reader, writer
        self.status = 0

    async def begin(self, path: str, last_id: str) -> None:
        """Send the request and read the head of the answer."""
        resume = f"Last-Event-ID: {last_id}\r\n" if last_id else ""
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{resume}\r\n"
        self.writer.write(request.encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        self.status = int(head.split(b" ", 2)[1])

    async def events(self) -> AsyncIterator[Event]:
        """Yield events until the stream ends; one is one chunk or more, never less."""
        text = ""
        while (chunk := await self._chunk()) is not None:
            text += chunk
            *blocks, text = text.split("\n\n")
            for block in blocks:
                fields = dict(
                    line.partition(": ")[::2] for line in block.split("\n") if line
                )
                if "data" in fields:
                    data = json.loads(fields["data"])
                    yield Event(fields["id"], fields["event"], data)

    async def _chunk(self) -> str | None:
        async with asyncio.timeout(PATIENCE_S):
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            body = await self._reader.readexactly(size + 2)
        return body[:-2].decode() if size else None


@asynccontextmanager
async def stream(port: int, path: str, *, last_id: str = "") -> AsyncIterator[Stream]:
    """Open a stream; the client vanishes at the end of the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    opened = Stream(reader, writer)
    try:
        await opened.begin(path, last_id)
        yield opened
    finally:
        writer.transport.abort()
