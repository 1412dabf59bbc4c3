"""Reading a stream inside the test, as an ASGI server would serve it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.db import connection

from agentevals_site.handler import Handler
from agentevals_site.routing import with_streams
from results.streaming.hub import Hub

PATIENCE_S = 10.0


class Event(NamedTuple):
    """One event as a client sees it."""

    ident: str
    name: str
    data: Any


def parse(block: str) -> Event | None:
    """Read one block of a stream; None for a comment or a hint."""
    fields = dict(line.split(": ", 1) for line in block.split("\n"))
    if "data" not in fields:
        return None
    return Event(fields.get("id", ""), fields["event"], json.loads(fields["data"]))


class Reader:
    """A client of one stream."""

    def __init__(self, hub: Hub, path: str, **headers: str) -> None:
        """Prepare the request."""
        path, _, query = path.partition("?")
        named = [
            (name.replace("_", "-").encode(), value.encode())
            for name, value in headers.items()
        ]
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost"), *named],
        }
        self.application = ApplicationCommunicator(with_streams(Handler(), hub), scope)
        self.is_over = False
        self.first = ""

    async def open(self) -> int:
        """Send the request and return the status of the answer."""
        await self.application.send_input({"type": "http.request", "body": b""})
        start = await self.application.receive_output(PATIENCE_S)
        self.headers = {k.decode().lower(): v.decode() for k, v in start["headers"]}
        return int(start["status"])

    async def chunk(self) -> str:
        """Return what is sent next."""
        body = await self.application.receive_output(PATIENCE_S)
        self.is_over = not body.get("more_body", False)
        return str(body.get("body", b"").decode())

    async def events(self) -> AsyncIterator[Event]:
        """Yield events until the stream ends."""
        while not self.is_over:
            for block in (await self.chunk()).split("\n\n"):
                event = parse(block) if block.strip(":\n ") else None
                if event:
                    yield event

    async def take(self, count: int) -> list[Event]:
        """Return the next events."""
        found: list[Event] = []
        async for event in self.events():
            found.append(event)
            if len(found) == count:
                return found
        raise AssertionError(f"the stream ended after {found}")

    async def rest(self) -> list[Event]:
        """Return all events until the end."""
        return [event async for event in self.events()]

    async def leave(self) -> None:
        """Disconnect, and wait until the application is through with it."""
        await self.application.send_input({"type": "http.disconnect"})
        await self.application.wait(PATIENCE_S)


def in_thread(work: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``work``, to be awaited: it uses the database, and then lets go of it."""

    def closing(*args: Any, **kwargs: Any) -> Any:
        try:
            return work(*args, **kwargs)
        finally:
            connection.close()

    return sync_to_async(closing, thread_sensitive=True)
