"""The supervisor: claims runs, hands them to evaluator processes, writes what they find.

It never evaluates. One thread does all its writes; cancel, deadline, a lost lease and
shutdown are one mechanism: kill the process, then write what that means.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from datetime import timedelta

import msgspec
from django.db import DataError, Error, IntegrityError, connection

from evaluation.judging.asking import Asker
from runs import queue
from runs.models import Lease, Run
from runs.wakeups import Listener
from runs.worker.children import Evaluators
from runs.worker.counters import Counters
from runs.worker.execution import Executor, cannot_start
from runs.worker.heartbeat import (
    DATABASE,
    Heartbeat,
    LeaseClock,
    Verdict,
    clock_s,
    spread,
)
from runs.worker.preparing import Preparation
from runs.worker.presence import Presence
from runs.worker.saving import outcome, save
from runs.worker.settings import WorkerSettings
from runs.worker.slots import Slot
from runs.worker.workbench import Workbench

logger = logging.getLogger(__name__)

# While wake-ups arrive, polling is only the safety net.
LISTENING_POLL_FACTOR = 15
SWEEPS_PER_LEASE = 2
BACK_OFF_START_S = 0.1
BACK_OFF_CAP_S = 5.0
# What was claimed ahead and has found no free process in this time is given back.
PATIENCE_S = 1.0
# Faults of what an evaluator sent, which would be the same the next time.
UNSAVABLE = (DataError, IntegrityError, msgspec.MsgspecError, ValueError)


class Worker:
    """One worker process."""

    def __init__(
        self,
        settings: WorkerSettings,
        executor: Executor,
        *,
        asker: Asker | None = None,
    ) -> None:
        """Prepare; nothing is claimed before ``run``.

        ``asker`` answers what evaluators ask judges.
        """
        # Random at every start: host names and process ids come back, and what a dead
        # namesake held must not look like ours.
        self.id = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:12]}"
        self.counters = Counters()
        self._presence = Presence(
            self.id, self.counters, slots=settings.slots, version=settings.version
        )
        self._settings = settings
        self._executor = executor
        clock = LeaseClock(lease_s=settings.lease_s, heartbeat_s=settings.heartbeat_s)
        self._heartbeat = Heartbeat(clock, self._stop_work, self._report)
        self._listener = Listener(self.wake)
        self._evaluators = Evaluators(settings.command, asker)
        self._bench = Workbench(settings.slots, self._evaluators)
        self._news = threading.Event()
        self._poll_at = self._sweep_at = 0.0
        self._drain_until: float | None = None
        self._back_off_s = BACK_OFF_START_S

    # --- From other threads and from signal handlers ------------------------------------

    def wake(self) -> None:
        """Look for work, and for news of the own runs, now."""
        self._news.set()
        self._heartbeat.beat_soon()
        self._bench.interrupt()

    def stop(self) -> None:
        """Drain: claim nothing and finish what runs; called again, stop at once."""
        if self._drain_until is None:
            self._drain_until = clock_s() + self._settings.drain_s
            logger.info("Draining %d run(s)", len(self._bench))
        else:
            self._drain_until = min(self._drain_until, clock_s())
        self._bench.interrupt()

    def _stop_work(self, lease: Lease, verdict: Verdict) -> None:
        """Kill the evaluator of a run; the main thread writes what that means."""
        slot = self._bench.get(lease)
        if slot is not None:
            slot.stop(verdict)
            self._bench.interrupt()

    # --- The loop -----------------------------------------------------------------------

    def run(self) -> None:
        """Work until told to stop and drained."""
        self._heartbeat.start()
        self._listener.start()
        self._evaluators.start_one()
        logger.info(
            "Started %d run worker(s) (lease=%gs, heartbeat=%gs, deadline=%gs)",
            self._settings.slots,
            self._settings.lease_s,
            self._settings.heartbeat_s,
            self._settings.deadline_s,
        )
        try:
            while not self._is_over():
                self._step()
        finally:
            self._shut_down()

    def _is_over(self) -> bool:
        """Whether all is written; without a database, whether others may have the runs."""
        if self._drain_until is None:
            return False
        given_up_s = self._drain_until + self._settings.lease_s
        return not self._bench or clock_s() > given_up_s

    def _step(self) -> None:
        """Wait for something to happen and deal with it; outlive a lost database."""
        self._bench.wait(self._pause_s())
        if not self._heartbeat.is_alive:
            raise RuntimeError("the heartbeat has ended: no lease can be kept")
        # After a SIGSTOP or a sleep of the machine: first give up what may be another's.
        self._heartbeat.drop_expired()
        self._stop_overdue()
        try:
            self._presence.sign_on()
            self._write()
            self._sweep()
            self._claim()
            self._start()
        except Error as error:
            self._back_off(error)
        else:
            self._back_off_s = BACK_OFF_START_S

    def _pause_s(self) -> float:
        if self._wants_work() and self._news.is_set():
            return 0.0
        due = self._save_times()
        due += [slot.deadline_s for slot in self._bench if not slot.verdict]
        if any(slot.is_waiting for slot in self._bench):
            due.append(clock_s() + PATIENCE_S)
        due += [self._sweep_at, self._drain_until]
        if self._wants_work():
            due.append(self._poll_at)
        return max(0.0, min(at for at in due if at is not None) - clock_s())

    def _stop_overdue(self) -> None:
        """Stop what has passed its deadline, and everything when the drain is over."""
        now_s = clock_s()
        if self._drain_until is not None:
            self._bench.release_waiting(longer_than_s=0.0)
        elif not self._bench.free_processes:
            self._bench.release_waiting(longer_than_s=PATIENCE_S)
        drained = self._drain_until is not None and now_s >= self._drain_until
        for slot in self._bench:
            if drained:
                slot.stop(Verdict.RELEASED)
            elif now_s >= slot.deadline_s:
                slot.stop(Verdict.DEADLINE)

    def _back_off(self, error: Exception) -> None:
        """Drop the connection and come again later; what was found stays in memory."""
        logger.warning("database trouble, trying again: %s", error)
        connection.close()
        self._news.set()  # a look that failed is still to be made
        for slot in self._bench:
            slot.commit_unknown = True
        time.sleep(spread(self._back_off_s, fraction=0.5))
        self._back_off_s = min(BACK_OFF_CAP_S, 2 * self._back_off_s)

    # --- Writing ------------------------------------------------------------------------

    def _write(self) -> None:
        """Save what has arrived; the ends of several runs share a transaction."""
        for slot in [s for s in self._bench if s.verdict is Verdict.LOST]:
            logger.warning("lease lost, work dropped: %s", slot)
            self.counters.add("leases_lost")
            self._vacate(slot)
        now_s = clock_s()
        if any(at is not None and at <= now_s for at in self._save_times()):
            self._save_apart([s for s in self._bench if s.frames or s.has_ended])

    def _save_times(self) -> list[float | None]:
        alone = all(slot.has_ended for slot in self._bench)
        return [slot.save_at_s(alone=alone) for slot in self._bench]

    def _save_apart(self, slots: list[Slot]) -> None:
        """Save together; what cannot be saved at all is only its own run's fault."""
        try:
            held = save(slots, self._executor)
        except UNSAVABLE as error:
            logger.warning("cannot save %d run(s): %s", len(slots), error)
            if len(slots) == 1:
                slots[0].distrust(error)
                return
            for slot in slots:
                self._save_apart([slot])
            return
        for slot in slots:
            self._after_save(slot, held.get(slot.lease))

    def _after_save(self, slot: Slot, run: Run | None) -> None:
        if run is not None and not slot.has_ended:
            slot.saved()
            return
        if run is not None:
            logger.info("%s %s", slot, outcome(run))
            self.counters.add("ended")
        elif slot.commit_unknown and queue.has_ended(slot.lease):
            logger.info("%s ended; its commit was answered late", slot)
        else:
            logger.warning("stale write refused: %s", slot)
            self.counters.add("stale_writes_refused")
        self._vacate(slot)

    def _vacate(self, slot: Slot) -> None:
        self._heartbeat.forget(slot.lease)
        self._bench.vacate(slot)

    # --- Taking -------------------------------------------------------------------------

    def _sweep(self) -> None:
        if clock_s() < self._sweep_at:
            return
        pause_s = self._settings.lease_s / SWEEPS_PER_LEASE
        self._sweep_at = clock_s() + spread(pause_s)
        swept = queue.sweep()
        if swept:
            self.counters.add("swept", len(swept))
            self._news.set()

    def _wants_work(self) -> bool:
        return self._drain_until is None and self._bench.room > 0

    def _claim(self) -> None:
        sent_s = clock_s()
        if not self._wants_work() or not (
            self._news.is_set() or sent_s >= self._poll_at
        ):
            return
        # Cleared before the look, so that what is announced during it is not missed.
        self._news.clear()
        room = self._bench.room
        runs = queue.claim(
            self.id,
            limit=room,
            lease=timedelta(seconds=self._settings.lease_s),
            deadline=timedelta(seconds=self._settings.deadline_s),
        )
        for run in runs:
            left = run.remaining or timedelta(seconds=self._settings.deadline_s)
            slot = Slot(
                run, since_s=clock_s(), deadline_s=sent_s + left.total_seconds()
            )
            self._bench.put(slot)
            self._heartbeat.watch(slot.lease, sent_s)
            self.counters.claimed(run.waited)
            logger.info("worker=%s claimed %s", self.id, slot)
        if len(runs) == room:
            self._news.set()  # there may be more
        factor = LISTENING_POLL_FACTOR if self._listener.is_up else 1
        self._poll_at = sent_s + spread(self._settings.poll_s * factor)

    def _start(self) -> None:
        """Hand claimed runs to evaluator processes."""
        ready = [s for s in self._bench if s.is_waiting and self._prepare(s)]
        # Of all at once: what waits will not wait for long.
        self._executor.load([slot.run for slot in ready])
        for slot in ready[: self._bench.free_processes]:
            try:
                self._bench.begin(slot, self._executor.job(slot.run))
            except (OSError, ValueError, KeyError) as error:
                # Its own run's fault, or a moment without memory: not the others'.
                logger.exception("cannot start %s", slot)
                slot.fail(cannot_start(error))

    def _prepare(self, slot: Slot) -> bool:
        """Whether the run's evaluator can start; what it needs first is done elsewhere."""
        if slot.is_prepared:
            return True
        if slot.preparation is None:
            work = self._executor.preparation(slot.run)
            if work is None:
                slot.is_prepared = True
                return True
            slot.preparation = Preparation(work, self._bench.interrupt)
        return slot.preparation.is_over and self._take_over(slot, slot.preparation)

    def _take_over(self, slot: Slot, preparation: Preparation) -> bool:
        """Save what a preparation brought; whether the evaluator can start now."""
        with queue.holding([slot.lease]) as held:
            if slot.lease not in held:
                slot.stop(Verdict.LOST)
                return False
            ending = self._executor.prepare(held[slot.lease], preparation)
        if ending is not None:
            slot.fail(ending)
        slot.is_prepared = ending is None
        slot.since_s = clock_s()
        return slot.is_prepared

    def _report(self) -> None:
        """Say how the worker is; called by the heartbeat's thread."""
        draining = self._drain_until is not None
        busy = min(len(self._bench), self._settings.slots)
        self._presence.report(busy=busy, draining=draining, using=DATABASE)

    # --- The end ------------------------------------------------------------------------

    def _shut_down(self) -> None:
        self._listener.stop()
        self._heartbeat.stop()
        self._bench.close()
        self._presence.sign_off()
        connection.close()
        logger.info("Run workers stopped")
