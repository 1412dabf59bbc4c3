"""Receiving requests: their bodies are bounded, and what is large goes to disk.

Daphne receives a whole body before the application hears of it, without a limit.
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import Any

import msgspec
from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings

from agentevals_site.problems import too_large

# A longer body goes to disk. Twisted makes a file for whatever is over 100 kB, and what takes
# 0.11 ms there takes 0.02 here (260 kB, written and read).
MAX_IN_MEMORY = 1 << 20
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
        self.content = SpooledTemporaryFile(max_size=MAX_IN_MEMORY)  # noqa: SIM115 - closed by who reads it
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
