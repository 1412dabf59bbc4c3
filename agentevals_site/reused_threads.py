"""Requests are answered in threads that others have left, not in a new one each.

Under ASGI Django gives every request a thread of its own, and with it new connection
objects. Starting and ending them cost as much as the work of a small request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.db import connections

Application = Callable[[Any, Any, Any], Awaitable[None]]
# More stay only while more requests are answered at once.
MAX_IDLE = 16


class ReusedThreads:
    """An ASGI application whose requests have a thread each, one after another the same."""

    def __init__(self, application: Application) -> None:
        """Start no thread yet."""
        self._application = application
        self._idle: list[ThreadPoolExecutor] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(max_workers=1)
        leave = self._give_back
        try:
            # Django's own context inside this one changes nothing.
            async with ThreadSensitiveContext(executor=thread):
                await self._application(scope, receive, send)
        except asyncio.CancelledError:
            leave = _abandon
            raise
        finally:
            leave(thread)

    def _give_back(self, thread: ThreadPoolExecutor) -> None:
        if len(self._idle) < MAX_IDLE:
            self._idle.append(thread)
        else:
            thread.shutdown(wait=False)


def _abandon(thread: ThreadPoolExecutor) -> None:
    """Let a thread end that is still at work; its connections go back to the pool."""
    thread.submit(connections.close_all)
    thread.shutdown(wait=False)
