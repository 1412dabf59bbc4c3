"""How a process hears that events were logged, by itself or by another.

A message of the channel layer's group is a hint. With the layer in memory it is sent by a
thread that listens to PostgreSQL or watches the file of SQLite; with Redis by the process
that has logged the events.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from channels.layers import get_channel_layer
from django.conf import settings

from runs.wakeups import EVENTS_GROUP, EVENTS_MESSAGE, Listener, News

logger = logging.getLogger(__name__)

RETRY_S = 1.0


class Ear:
    """Calls ``wake`` in the event loop when there may be news."""

    def __init__(self, wake: Callable[[], None]) -> None:
        """Hear nothing yet."""
        self._wake = wake
        self._layer = get_channel_layer()
        self._channel = ""
        self._listener: Listener | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._hears = False

    @property
    def is_up(self) -> bool:
        """Whether news is likely to be heard."""
        return self._hears and (self._listener is None or self._listener.is_up)

    async def open(self) -> None:
        """Begin to hear."""
        self._hearing = asyncio.create_task(self._hear())
        # The file of SQLite says more than any message, and is always there.
        if not (settings.CHANNEL_LAYER_URL and settings.STORAGE_BACKEND == "postgres"):
            loop = asyncio.get_running_loop()

            def pass_on() -> None:
                with suppress(RuntimeError):  # the loop has ended
                    loop.call_soon_threadsafe(self._say)

            self._listener = Listener(pass_on, News.EVENTS)
            self._listener.start()

    async def stay(self) -> None:
        """Renew the membership, which the layer in memory ends after a day."""
        if self._channel:
            await self._layer.group_add(EVENTS_GROUP, self._channel)

    async def close(self) -> None:
        """Hear nothing more."""
        if self._listener is not None:
            self._listener.stop()
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.wait({self._hearing})

    def _say(self) -> None:
        self._saying = asyncio.ensure_future(
            self._layer.group_send(EVENTS_GROUP, EVENTS_MESSAGE)
        )

    async def _hear(self) -> None:
        while True:
            try:
                await self._join_and_hear()
            except Exception as error:  # noqa: BLE001 - whatever a layer raises, polling goes on
                logger.warning("the channel layer fails, streams poll: %s", error)
            self._hears = False
            await asyncio.sleep(RETRY_S)

    async def _join_and_hear(self) -> None:
        self._channel = await self._layer.new_channel()
        await self._layer.group_add(EVENTS_GROUP, self._channel)
        try:
            self._hears = True
            self._wake()  # for what was announced before this moment
            while True:
                await self._layer.receive(self._channel)
                self._wake()
        finally:
            await self._layer.group_discard(EVENTS_GROUP, self._channel)
