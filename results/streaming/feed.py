"""What the readers of a log share: its newest entries, rendered once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from uuid import UUID

from results.streaming.frames import Entry

# A reader that is further behind reads the database by itself.
TAIL = 200


class Feed:
    """The end of a log, kept while somebody follows it.

    Readers have a position each and no queue: a slow one costs nothing but its place.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self.readers = 0
        self.position = 0
        self.loading = asyncio.Lock()
        self.is_loaded = False
        self.changed = asyncio.Event()
        self._tail: deque[Entry] = deque(maxlen=TAIL)

    def extend(self, entries: Iterable[Entry]) -> None:
        """Take what is new, in order, and wake the readers."""
        fresh = [entry for entry in entries if entry.number > self.position]
        if fresh:
            self._tail.extend(fresh)
            self.position = fresh[-1].number
            self.wake()

    def wake(self) -> None:
        """Have every reader look; each waits for the event that it saw before its look."""
        self.changed.set()
        self.changed = asyncio.Event()

    def after(self, number: int) -> list[Entry] | None:
        """Return what follows an event; None when that is not remembered any more."""
        if number >= self.position:
            return []
        if self._tail[0].number > number + 1:
            return None
        return [entry for entry in self._tail if entry.number > number]


class RunFeed(Feed):
    """The end of one run's events."""

    def __init__(self, run_id: UUID) -> None:
        """Name the run."""
        super().__init__()
        self.run_id = run_id
