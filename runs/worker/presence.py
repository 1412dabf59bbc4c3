"""Being seen: the row that tells people and monitoring how a worker is."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

from django.db import DEFAULT_DB_ALIAS, DatabaseError

from runs.models import Worker
from runs.models.clock import Now
from runs.worker.counters import Counters


class Presence:
    """A worker's row, from its start to its end."""

    def __init__(self, worker_id: str, counters: Counters) -> None:
        """Write nothing yet."""
        self._worker = Worker(
            worker_id=worker_id, host=socket.gethostname(), pid=os.getpid()
        )
        self._counters = counters

    def sign_on(self, *, slots: int, version: str) -> None:
        """Appear, and forget workers that nobody will look at any more."""
        Worker.objects.forget_old()
        self._worker.slots, self._worker.version = slots, version
        self._worker.save(force_insert=True)

    def report(self, *, busy: int, draining: bool, using: str) -> None:
        """Say how the worker is."""
        counters = self._counters.snapshot()
        self._worker.report(using, busy=busy, draining=draining, counters=counters)

    def sign_off(self) -> None:
        """Say goodbye; a worker that cannot is missed soon enough."""
        counters = self._counters.snapshot()
        with suppress(DatabaseError):
            self._worker.report(
                DEFAULT_DB_ALIAS,
                busy=0,
                draining=True,
                counters=counters,
                stopped_at=Now(),
            )
