"""The streams of a process: woken together, and one read for all readers of a run."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db import Error, connection

from results.streaming.changes import (
    INTERVAL_S,
    Change,
    Changes,
    changed_since,
    newest_moment,
)
from results.streaming.ear import Ear
from results.streaming.feed import TAIL, Feed, RunFeed
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


class Hub:
    """Reads what is followed when there is news, and hands it to the readers.

    All of it lives in the event loop of the server; only the reads are in threads, and no
    thread keeps a connection while it waits.
    """

    def __init__(self) -> None:
        """Do nothing before there is a reader."""
        self.is_closing = False
        self.feeds: dict[UUID, RunFeed] = {}
        self.changes = Changes()
        self._news = asyncio.Event()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="streams")
        self._ear = Ear(self._news.set)
        self._looking: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def following(self, run_id: UUID) -> AsyncIterator[RunFeed]:
        """Keep a run's feed up to date while the block lasts."""
        feed = self.feeds.setdefault(run_id, RunFeed(run_id))
        feed.readers += 1
        try:
            await self._load(feed, lambda: self._load_run(feed))
            yield feed
        finally:
            feed.readers -= 1
            if not feed.readers:
                self.feeds.pop(run_id, None)

    @asynccontextmanager
    async def following_all(self) -> AsyncIterator[Changes]:
        """Keep the feed of all runs up to date while the block lasts."""
        feed = self.changes
        feed.readers += 1
        try:
            await self._load(feed, lambda: self._load_changes(feed))
            yield feed
        finally:
            feed.readers -= 1
            if not feed.readers and feed is self.changes:
                self.changes = Changes()  # the next reader begins where it comes

    async def page(self, run_id: UUID, number: int) -> list[Entry]:
        """Read the next events of a reader that is further behind than the feed."""
        events = await self._read(lambda: newer({run_id: number}))
        return [run_event(event) for event in events]

    async def since(self, moment: datetime) -> list[Change]:
        """Read what has changed in all runs, for a reader that was away."""
        return await self._read(lambda: changed_since(moment))

    async def close(self) -> None:
        """End all streams: their clients come back to whoever serves then.

        One that is only just beginning still reads, and then ends as the others do.
        """
        self.is_closing = True
        for feed in (self.changes, *self.feeds.values()):
            feed.wake()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait({self._looking})
            self._looking = None
        await self._ear.close()

    async def _load(self, feed: Feed, load: Callable[[], Awaitable[None]]) -> None:
        """Have a new feed loaded by whoever comes first; later ones have it renewed."""
        if self._looking is None and not self.is_closing:
            self._looking = asyncio.create_task(self._look_forever())
        if feed.is_loaded:
            self._news.set()
            return
        async with feed.loading:
            if not feed.is_loaded:
                await load()
                feed.is_loaded = True

    async def _load_run(self, feed: RunFeed) -> None:
        events = await self._read(lambda: newest(feed.run_id))
        feed.extend(run_event(event) for event in events)

    async def _load_changes(self, feed: Changes) -> None:
        feed.begin(await self._read(newest_moment))
        feed.note(await self._read(feed.read))

    async def _look_forever(self) -> None:
        await self._ear.open()
        while not self.is_closing:
            poll_s = POLL_S if self._ear.is_up else DEAF_POLL_S
            # Not ``wait_for``: before Python 3.12 it loses a cancel that comes with news.
            with suppress(TimeoutError):
                async with asyncio.timeout(poll_s):
                    await self._news.wait()
            self._news.clear()
            try:
                await self._look()
            except Error as error:
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
        if self.changes.is_loaded:
            await self._look_at_changes(self.changes)

    async def _look_at_changes(self, feed: Changes) -> None:
        """Read what has changed, not more often than people can follow."""
        rest_s = feed.due_s - time.monotonic()
        if rest_s > 0:
            asyncio.get_running_loop().call_later(rest_s, self._news.set)
            return
        feed.due_s = time.monotonic() + INTERVAL_S
        feed.take(await self._read(feed.read))

    async def _read_on(self, feeds: Sequence[RunFeed]) -> int:
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
