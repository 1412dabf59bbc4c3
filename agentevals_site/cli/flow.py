"""Whether a client takes what is sent to it."""

from __future__ import annotations

import asyncio
from typing import Any

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer  # type: ignore[import-untyped]


@implementer(IPushProducer)
class Flow:
    """Whether a client keeps up; Twisted says when its buffer is full and when empty."""

    def __init__(self, request: Any) -> None:
        """Have Twisted tell us of this request."""
        self.drained = asyncio.Event()
        self.drained.set()
        self._request = request
        request.registerProducer(self, True)

    def stop(self) -> None:
        """Be told nothing more: the answer is complete."""
        self._request.unregisterProducer()

    def pauseProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Have the application wait."""
        self.drained.clear()

    def resumeProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Let it go on."""
        self.drained.set()

    def stopProducing(self) -> None:  # noqa: N802 - Twisted's name
        """Let it go on: the client has left, and what is sent goes nowhere."""
        self.drained.set()
