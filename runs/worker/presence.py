"""Being seen: the row that tells people and monitoring how a worker is."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

from django.db import DEFAULT_DB_ALIAS, Error

from runs.models import Worker
from runs.models.clock import Now
from runs.worker.counters import Counters


class Presence:
    """A worker's row, from its start to its end."""

    def __init__(
        self, worker_id: str, counters: Counters, *, slots: int, version: str
    ) -> None:
        """Write nothing yet."""
        self._worker = Worker(
            worker_id=worker_id,
            host=socket.gethostname(),
            pid=os.getpid(),
            slots=slots,
            version=version,
        )
        self._counters = counters
        self._is_known = False

    def sign_on(self) -> None:
        """Appear, and forget workers that nobody will look at any more; once."""
        if self._is_known:
            return
        Worker.objects.forget_old()
        # Not an insert: one whose commit was never answered has written the row.
        self._worker.save()
        self._is_known = True

    def report(self, *, busy: int, draining: bool, using: str) -> None:
        """Say how the worker is."""
        counters = self._counters.snapshot()
        self._worker.report(using, busy=busy, draining=draining, counters=counters)

    def sign_off(self) -> None:
        """Say goodbye; a worker that cannot is missed soon enough."""
        counters = self._counters.snapshot()
        with suppress(Error):
            self._worker.report(
                DEFAULT_DB_ALIAS,
                busy=0,
                draining=True,
                counters=counters,
                stopped_at=Now(),
            )
