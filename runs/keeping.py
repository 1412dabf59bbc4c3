"""Keeping the leases of runs that a process evaluates itself, outside of a worker.

The web server owns the runs of the evaluations that it carries out for waiting clients, as
a worker owns those that it claims: the same heartbeat keeps them and hears of a cancel.
"""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Callable

from django.conf import settings

from runs.models import Lease
from runs.worker.heartbeat import Heartbeat, LeaseClock, Verdict

Stop = Callable[[Verdict], None]


class Keeper:
    """One heartbeat for all runs of this process, from the first run on."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self.worker_id = f"{socket.gethostname()}/{os.getpid()}/web-{uuid.uuid4().hex}"
        self._stops: dict[Lease, Stop] = {}
        self._starting = threading.Lock()
        self._heartbeat: Heartbeat | None = None

    def watch(self, lease: Lease, sent_s: float, stop: Stop) -> None:
        """Keep a lease that was taken by a request sent at ``sent_s``.

        ``stop`` is called from another thread when the work has to end, and says why.
        """
        self._stops[lease] = stop
        self._beating().watch(lease, sent_s)

    def forget(self, lease: Lease) -> None:
        """Let go of a lease whose run has ended."""
        self._beating().forget(lease)
        self._stops.pop(lease, None)

    def look(self) -> None:
        """Hear soon what became of the runs: a cancel, perhaps."""
        heartbeat = self._heartbeat
        if heartbeat is not None:
            heartbeat.beat_soon()

    def close(self) -> None:
        """Beat no more."""
        with self._starting:
            if self._heartbeat is not None:
                self._heartbeat.stop()
            self._heartbeat = None

    def _beating(self) -> Heartbeat:
        with self._starting:
            if self._heartbeat is None or not self._heartbeat.is_alive:
                clock = LeaseClock(
                    lease_s=settings.LEASE_S, heartbeat_s=settings.HEARTBEAT_S
                )
                self._heartbeat = Heartbeat(clock, self._stop_work, lambda: None)
                self._heartbeat.start()
            return self._heartbeat

    def _stop_work(self, lease: Lease, verdict: Verdict) -> None:
        stop = self._stops.get(lease)
        if stop is not None:
            stop(verdict)
