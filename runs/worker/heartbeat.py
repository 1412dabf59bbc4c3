"""The heartbeat: keeps a worker's leases alive and hears what became of its runs."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from enum import Enum

from django.db import Error, connections

from evaluation.values import Value
from runs import queue
from runs.models import Lease

logger = logging.getLogger(__name__)

# A connection outside the pool that gives up early: see the settings.
DATABASE = "heartbeat"
# Retries of a heartbeat that failed, until the lease must be given up.
RETRY_S = 1.0
# News comes in bursts; a cancel may wait this long.
MIN_PAUSE_S = 0.2
# What a lease is given up before it ends, for clocks and for the kill itself.
MARGIN_FRACTION = 0.1


class Verdict(Enum):
    """Why work has to stop: four reasons, four outcomes."""

    LOST = "lost"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    RELEASED = "released"


class LeaseClock(Value, frozen=True, kw_only=True):
    """Durations of a lease, in seconds."""

    lease_s: float
    heartbeat_s: float

    @property
    def safe_s(self) -> float:
        """How long after a heartbeat was sent the work may go on without another."""
        return self.lease_s * (1 - MARGIN_FRACTION)

    def expiry(self, sent_s: float) -> float:
        """Return when a lease that was renewed by a request of ``sent_s`` is given up."""
        return sent_s + self.safe_s


def clock_s() -> float:
    """Return seconds that go on while the machine sleeps: a lease does not wait for us."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def spread(duration_s: float, *, fraction: float = 0.1) -> float:
    """Return a duration up to ``fraction`` longer or shorter, so that workers disperse."""
    return duration_s * random.uniform(1 - fraction, 1 + fraction)  # noqa: S311 - spreads load


class Heartbeat:
    """A thread with a connection of its own, one statement for all runs.

    ``stop_work(lease, verdict)`` is called from this thread and must not block: it kills
    the evaluator process at once, whatever the worker is doing meanwhile. ``report`` is
    called with each beat, to tell people how the worker is.
    """

    def __init__(
        self,
        clock: LeaseClock,
        stop_work: Callable[[Lease, Verdict], None],
        report: Callable[[], None],
    ) -> None:
        """Prepare the thread."""
        self._clock = clock
        self._report = report
        self._stop_work = stop_work
        self._expiry: dict[Lease, float] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=RETRY_S)

    @property
    def is_alive(self) -> bool:
        """Whether the thread beats; without it no lease can be kept."""
        return self._thread.is_alive()

    def watch(self, lease: Lease, sent_s: float) -> None:
        """Keep a lease alive that was taken by a request sent at ``sent_s``."""
        with self._lock:
            self._expiry[lease] = self._clock.expiry(sent_s)

    def forget(self, lease: Lease) -> None:
        """Let go of a lease."""
        with self._lock:
            self._expiry.pop(lease, None)

    def beat_soon(self) -> None:
        """Beat now: somebody says that there is news, a cancel perhaps."""
        self._wake.set()

    def drop_expired(self) -> None:
        """Stop the work whose lease may have run out, before anything else is done."""
        now = clock_s()
        with self._lock:
            late = [lease for lease, expiry in self._expiry.items() if expiry <= now]
        self._stop(late, Verdict.LOST)

    def _run(self) -> None:
        due_s = clock_s()
        while not self._stopping:
            if clock_s() >= due_s:
                pause_s = self._clock.heartbeat_s if self._try(self._beat) else RETRY_S
                due_s = clock_s() + spread(pause_s)
            else:
                self._try(self._look)
            self._wake.wait(max(0.0, due_s - clock_s()))
            self._wake.clear()
            time.sleep(MIN_PAUSE_S)
        connections.close_all()

    def _try(self, act: Callable[[list[Lease]], None]) -> bool:
        """Do something for all leases; whether it worked."""
        self.drop_expired()
        with self._lock:
            leases = list(self._expiry)
        try:
            act(leases)
        except Error as error:
            logger.warning("heartbeat failed, trying again: %s", error)
            connections[DATABASE].close()
            return False
        return True

    def _beat(self, leases: list[Lease]) -> None:
        """Renew all leases and hear what became of their runs."""
        if leases:
            sent_s = clock_s()
            lease = timedelta(seconds=self._clock.lease_s)
            pulses = queue.heartbeat(leases, lease=lease, using=DATABASE)
            with self._lock:
                for renewed in pulses.keys() & self._expiry.keys():
                    self._expiry[renewed] = self._clock.expiry(sent_s)
            self._hear(leases, pulses)
        self._report()

    def _look(self, leases: list[Lease]) -> None:
        """Hear what became of the runs, between beats and without writing.

        On SQLite every write wakes the worker, so one that answered a wake-up would be
        the next.
        """
        if leases:
            self._hear(leases, queue.listen(leases, using=DATABASE))

    def _hear(self, leases: list[Lease], pulses: Mapping[Lease, queue.Pulse]) -> None:
        self._stop((le for le in leases if le not in pulses), Verdict.LOST)
        alive = pulses.values()
        self._stop((p.lease for p in alive if p.cancel_requested), Verdict.CANCELLED)
        self._stop((p.lease for p in alive if p.deadline_passed), Verdict.DEADLINE)

    def _stop(self, leases: Iterable[Lease], verdict: Verdict) -> None:
        for lease in leases:
            with self._lock:
                watched = self._expiry.pop(lease, None) is not None
            # What was forgotten meanwhile has ended by itself.
            if watched:
                self._stop_work(lease, verdict)
