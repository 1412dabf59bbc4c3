"""Receiving requests: their bodies are bounded and go to disk, not to memory.

Daphne receives a whole body before the application hears of it, without a limit, and then
puts all of it in a queue.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import IO, Any

import msgspec
from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings

from agentevals_site.problems import too_large

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
# Where a request's scope holds its body, a file, on the way to the application.
BODY = "agentevals.body"
PIECE = 1 << 16
# How much is still read, and dropped, of a body that was refused: a client that is cut off
# while it sends may never read why.
MAX_DROPPED = 1 << 30
HEAD = (
    "HTTP/1.1 413 Request Entity Too Large\r\n"
    "Content-Type: application/json\r\nContent-Length: {length}\r\n"
    "Connection: close\r\n\r\n"
)


class BoundedRequest(WebRequest):  # type: ignore[misc]  # Daphne has no types
    """A request whose body is refused with 413 as soon as it is over the limit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Leave forms to the application; Twisted would take them apart in memory."""
        super().__init__(*args, **kwargs)
        self._parsePOSTFormSubmission = False
        self._received = 0
        self._is_refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802 - Twisted's name
        """Hear the declared length of the body, if any."""
        super().gotLength(length)
        if length is not None and length > self._limit:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Take a piece of the body."""
        self._received += len(data)
        if self._received > self._limit and not self._is_refused:
            self._refuse()
        if not self._is_refused:
            super().handleContentChunk(data)
        elif self._received > MAX_DROPPED:
            self.channel.transport.abortConnection()

    def process(self) -> Any:
        """Begin to answer: the request is complete."""
        if self._is_refused:
            self.channel.loseConnection()
            return None
        return super().process()

    @property
    def _limit(self) -> int:
        kind = self.requestHeaders.getRawHeaders(b"Content-Type", [b""])[0]
        is_form = kind.strip().lower().startswith(b"multipart/form-data")
        limit: int = (
            settings.MAX_FORM_SIZE if is_form else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        )
        return limit

    def _refuse(self) -> None:
        """Answer at once; what has come of the body is dropped, and what will come."""
        self._is_refused = True
        self.content.truncate(0)
        self.content.seek(0)
        body = msgspec.json.encode(too_large(self._limit).data)
        head = HEAD.format(length=len(body)).encode()
        self.channel.transport.write(head + body)


class BoundedFactory(HTTPFactory):  # type: ignore[misc]  # Daphne has no types
    """Makes connections whose requests are bounded."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 - Twisted's name
        """Make the protocol of one connection."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol


class FromDisk:
    """An application that is given the body piece by piece, from where it was put.

    Daphne offers the pieces all at once, which would be the whole body in memory.
    """

    def __init__(self, application: Any) -> None:
        """Wrap an ASGI application."""
        self._application = application

    async def __call__(
        self, scope: dict[str, Any], receive: Receive, send: Any
    ) -> None:
        """Serve one connection."""
        body = scope.pop(BODY, None)
        pieces = receive if body is None else Pieces(body, receive)
        await self._application(scope, pieces, send)


class Pieces:
    """The messages of a request whose body lies in a file."""

    def __init__(self, body: IO[bytes], receive: Receive) -> None:
        """Begin with the first piece."""
        self._body = body
        self._receive = receive
        self._is_over = False
        body.seek(0)

    async def __call__(self) -> Message:
        """Return the next piece of the body, or what came besides."""
        if not self._is_over and not self._body.closed:
            piece = self._body.read(PIECE)
            self._is_over = len(piece) < PIECE
            more = not self._is_over
            return {"type": "http.request", "body": piece, "more_body": more}
        message = await self._receive()
        # Daphne's own account of the body, which was set to its end for it, is empty.
        return await self() if message["type"] == "http.request" else message
