"""The streams of a process: woken together, and one read for all readers of a run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from uuid import UUID

from django.db import DatabaseError, InterfaceError, connection

from results.streaming.ear import Ear
from results.streaming.feed import TAIL, Feed
from results.streaming.frames import Entry, run_event
from runs.models import RunEvent

logger = logging.getLogger(__name__)

T = TypeVar("T")
# However many readers there are, they take no more connections than this from the pool.
THREADS = 2
# News comes in bursts; one look serves them all.
PAUSE_S = 0.02
# The safety net for a wake-up that was lost; quicker while wake-ups are known to fail.
POLL_S = 5.0
DEAF_POLL_S = 1.0
PAGE = 100
RUNS_A_READ = 100
DATABASE_TROUBLE = (DatabaseError, InterfaceError)


class Hub:
    """Reads what is followed when there is news, and hands it to the readers.

    All of it lives in the event loop of the server; only the reads are in threads, and no
    thread keeps a connection while it waits.
    """

    def __init__(self) -> None:
        """Do nothing before there is a reader."""
        self.is_closing = False
        self.feeds: dict[UUID, Feed] = {}
        self._news = asyncio.Event()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="streams")
        self._ear = Ear(self._news.set)
        self._looking: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def following(self, run_id: UUID) -> AsyncIterator[Feed]:
        """Keep a run's feed up to date while the block lasts."""
        self._begin()
        feed = self.feeds.setdefault(run_id, Feed(run_id))
        feed.readers += 1
        try:
            await self._load(feed)
            yield feed
        finally:
            feed.readers -= 1
            if not feed.readers:
                self.feeds.pop(run_id, None)

    async def page(self, run_id: UUID, number: int) -> list[Entry]:
        """Read the next events of a reader that is further behind than the feed."""
        events = await self._read(lambda: newer({run_id: number}))
        return [run_event(event) for event in events]

    async def close(self) -> None:
        """End all streams: their clients come back to whoever serves then."""
        self.is_closing = True
        for feed in list(self.feeds.values()):
            feed.wake()
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
            self._looking = None
        await self._ear.close()
        self._threads.shutdown(wait=False)

    def _begin(self) -> None:
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_forever())

    async def _load(self, feed: Feed) -> None:
        """Read a new feed's tail once, whoever comes first; later ones have it renewed."""
        if feed.is_loaded:
            self._news.set()
            return
        async with feed.loading:
            if not feed.is_loaded:
                events = await self._read(lambda: newest(feed.run_id))
                feed.extend(run_event(event) for event in events)
                feed.is_loaded = True

    async def _look_forever(self) -> None:
        await self._ear.open()
        while True:
            poll_s = POLL_S if self._ear.is_up else DEAF_POLL_S
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), poll_s)
            self._news.clear()
            try:
                await self._look()
            except DATABASE_TROUBLE as error:
                logger.warning("streams cannot read, trying again: %s", error)
                await asyncio.sleep(DEAF_POLL_S)
                self._news.set()
            await self._ear.stay()
            await asyncio.sleep(PAUSE_S)

    async def _look(self) -> None:
        """Read on for all runs, many at once, as often as there is more."""
        loaded = [feed for feed in self.feeds.values() if feed.is_loaded]
        for start in range(0, len(loaded), RUNS_A_READ):
            some = loaded[start : start + RUNS_A_READ]
            while await self._read_on(some) == PAGE:
                pass

    async def _read_on(self, feeds: Sequence[Feed]) -> int:
        positions = {feed.run_id: feed.position for feed in feeds}
        events = await self._read(lambda: newer(positions))
        found: dict[UUID, list[Entry]] = {}
        for event in events:
            found.setdefault(event.run_id, []).append(run_event(event))
        for feed in feeds:
            feed.extend(found.get(feed.run_id, ()))
        return len(events)

    async def _read(self, work: Callable[[], T]) -> T:
        def reading() -> T:
            try:
                return work()
            finally:
                connection.close()  # back to the pool before anybody waits

        return await asyncio.get_running_loop().run_in_executor(self._threads, reading)


def newer(positions: Mapping[UUID, int]) -> list[RunEvent]:
    """Read a page of what follows."""
    return list(RunEvent.objects.beyond(positions)[:PAGE])


def newest(run_id: UUID) -> list[RunEvent]:
    """Read the end of a run's log, in order."""
    return list(RunEvent.objects.filter(run_id=run_id).order_by("-seq")[:TAIL])[::-1]
