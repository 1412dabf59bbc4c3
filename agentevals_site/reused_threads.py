"""Requests are answered in threads that others have left, not in a new one each.

Under ASGI Django gives every request a thread of its own, and with it new connection
objects. Starting and ending them cost as much as the work of a small request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext

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
        try:
            # Django's own context inside this one changes nothing.
            async with ThreadSensitiveContext(executor=thread):
                await self._application(scope, receive, send)
        finally:
            if len(self._idle) < MAX_IDLE:
                self._idle.append(thread)
            else:
                thread.shutdown(wait=False)
