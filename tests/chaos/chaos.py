"""The load, the accidents and the verdict."""

from __future__ import annotations

import logging
import random
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

from django.db import InterfaceError, OperationalError, connection

from runs import queue
from runs.models import Lease, Run, RunEvent
from runs.spec import read_submission
from runs.submission import submit
from runs.wakeups import announcer
from runs.worker.settings import WorkerSettings
from tests.chaos.server import ChaosPostgres
from tests.runs import machine
from tests.runs.building import submission_body
from tests.worker.supervising import WorkerProcess

T = TypeVar("T")

LEASE_S = 1.0
BACKLOG = 300
BATCH = 20
# Lost attempts count, and attempts are lost all the time here.
MAX_ATTEMPTS = 30
DRAIN_LIMIT_S = 60.0
CRASH_EVERY_S = 10.0
TERMINAL = ("succeeded", "failed", "cancelled")
WORKER = WorkerSettings(
    slots=4,
    lease_s=LEASE_S,
    heartbeat_s=0.3,
    deadline_s=600.0,
    poll_s=0.1,
    drain_s=0.1,
    command=(),
)


class Chaos:
    """Workers, clients, a zombie, and somebody who pulls the plugs."""

    def __init__(
        self, folder: Path, server: ChaosPostgres, *, workers: int, seed: int
    ) -> None:
        """Prepare; nothing runs before ``run``."""
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        self._folder = folder
        self._server = server
        self._wanted = workers
        self._random = random.Random(seed)  # noqa: S311 - accidents
        self._workers: list[WorkerProcess] = []
        self._dead: list[WorkerProcess] = []
        self._asleep: dict[WorkerProcess, float] = {}
        self._over = threading.Event()
        self._accepted: list[UUID] = []
        self._cancelled: set[UUID] = set()
        self.counts: Counter[str] = Counter()
        self.violations: list[str] = []

    def run(self, seconds: float) -> int:
        """Do it all; returns the exit status."""
        threads = [
            threading.Thread(target=each, daemon=True)
            for each in (self._clients, self._zombie)
        ]
        for thread in threads:
            thread.start()
        for _ in range(self._wanted):
            self._hire()
        try:
            self._accidents(time.monotonic() + seconds)
            self._over.set()
            # One that was stopped inside a transaction holds what a client waits for.
            self._thaw(everybody=True)
            for thread in threads:
                thread.join()
            self._come_to_rest()
        finally:
            for worker in [*self._workers, *self._dead]:
                worker.close()
            announcer.stop()
        self._judge()
        return self._report()

    # --- Load ---------------------------------------------------------------------------

    def _clients(self) -> None:
        """Keep the queue filled, and cancel now and then."""
        while not self._over.is_set():
            waiting = stubbornly(lambda: Run.objects.unfinished().count())
            if waiting < BACKLOG:
                self._submit()
            if random.random() < 0.2:  # noqa: S311
                self._cancel()
            time.sleep(0.02)
        connection.close()

    def _submit(self) -> None:
        ids = [uuid4() for _ in range(BATCH)]
        requests = [read_submission(submission_body(runId=str(each))) for each in ids]
        answers = stubbornly(lambda: submit(requests, max_attempts=MAX_ATTEMPTS))
        self._accepted += [answer.run.pk for answer in answers]
        self.counts["runs accepted"] += len(answers)

    def _cancel(self) -> None:
        running = Run.objects.unfinished().order_by("-status", "?")
        chosen = stubbornly(lambda: running.values_list("pk", flat=True).first())
        if chosen is not None:
            answer = stubbornly(lambda: queue.cancel(chosen))
            if answer.cancel_requested:
                self._cancelled.add(chosen)

    def _zombie(self) -> None:
        """Claim, sleep longer than the lease, and write all the same."""
        while not self._over.is_set():
            leases = stubbornly(claim_and_forget)
            time.sleep(2 * LEASE_S)
            for lease in leases:
                self._write_late(lease)
        connection.close()

    def _write_late(self, lease: Lease) -> None:
        current = stubbornly(lambda: Run.objects.get(pk=lease.run_id))
        is_stale = current.lease != lease or current.status != "running"
        end = machine.done_frame(machine.PERMANENT)
        frames = [machine.progress_frame("zombie"), end]
        held = stubbornly(lambda: machine.write([lease], frames))
        self.counts["stale writes tried"] += is_stale
        self.counts["stale writes refused"] += not held
        if is_stale and held:
            self.violations.append(f"a stale write was accepted: {lease}")

    # --- Accidents ----------------------------------------------------------------------

    def _accidents(self, until: float) -> None:
        kinds = [
            *[self._kill] * 4,
            *[self._freeze] * 3,
            *[self._cut_connections] * 3,
            *[self._deploy] * 2,
        ]
        crash_at = time.monotonic() + CRASH_EVERY_S / 2
        while time.monotonic() < until:
            time.sleep(self._random.uniform(0.2, 0.6))
            self._thaw()
            if time.monotonic() > crash_at:
                self._server.crash()
                self.counts["server crashes"] += 1
                crash_at = time.monotonic() + CRASH_EVERY_S
            self._random.choice(kinds)()

    def _hire(self) -> None:
        folder = self._folder / f"worker-{len(self._workers) + len(self._dead)}"
        self._workers.append(WorkerProcess(folder, "brisk", WORKER))

    def _any(self) -> WorkerProcess:
        return self._random.choice(self._workers)

    def _replace(self, worker: WorkerProcess) -> None:
        self._workers.remove(worker)
        self._asleep.pop(worker, None)
        self._dead.append(worker)
        self._hire()

    def _kill(self) -> None:
        worker = self._any()
        worker.kill()
        self._replace(worker)
        self.counts["kill -9"] += 1

    def _freeze(self) -> None:
        worker = self._any()
        if worker not in self._asleep:
            worker.send(signal.SIGSTOP)
            pause_s = LEASE_S * self._random.uniform(1.2, 2.5)
            self._asleep[worker] = time.monotonic() + pause_s
            self.counts["SIGSTOP beyond the lease"] += 1

    def _thaw(self, *, everybody: bool = False) -> None:
        for worker, at in list(self._asleep.items()):
            if everybody or at < time.monotonic():
                worker.send(signal.SIGCONT)
                del self._asleep[worker]

    def _cut_connections(self) -> None:
        def cut() -> int:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM "
                    "pg_stat_activity WHERE datname = current_database() AND "
                    "pid <> pg_backend_pid() ORDER BY random() LIMIT 3) AS chosen"
                )
                return int(cursor.fetchone()[0])

        self.counts["connections cut"] += stubbornly(cut)

    def _deploy(self) -> None:
        worker = self._any()
        if worker not in self._asleep:
            worker.send(signal.SIGTERM)
            self._replace(worker)
            self.counts["SIGTERM"] += 1

    def _come_to_rest(self) -> None:
        """No accidents any more: everything ends."""
        self._thaw(everybody=True)
        began = time.monotonic()
        while stubbornly(lambda: Run.objects.unfinished().count()):
            for worker in [w for w in self._workers if w.process.poll() is not None]:
                self.violations.append(
                    f"a worker ended by itself: {worker.log[-2000:]}"
                )
                self._replace(worker)
            if time.monotonic() - began > DRAIN_LIMIT_S:
                self._tell_what_is_stuck()
                break
            time.sleep(0.1)
        self.counts["seconds until all had ended"] = round(time.monotonic() - began)

    def _tell_what_is_stuck(self) -> None:
        for run in Run.objects.unfinished():
            self.violations.append(f"{run} never ended; its worker is {run.worker_id}")
        for worker in self._workers:
            last = worker.log[-1000:]
            self.violations.append(f"worker {worker.process.pid} last said: {last}")

    # --- Verdict ------------------------------------------------------------------------

    def _judge(self) -> None:
        runs = {run.pk: run for run in Run.objects.all()}
        if set(runs) != set(self._accepted):
            self.violations.append(
                f"accepted {len(self._accepted)} runs, stored {len(runs)}"
            )
        events: dict[UUID, list[RunEvent]] = defaultdict(list)
        for event in RunEvent.objects.order_by("run_id", "seq"):
            events[event.run_id].append(event)
        found: dict[UUID, dict[str, int]] = defaultdict(dict)
        rows = machine.Result.objects.values_list("run_id", "evaluator_name", "attempt")
        for run_id, name, attempt in rows:
            found[run_id][name] = attempt
        for run in runs.values():
            self.counts[f"runs {run.status}"] += 1
            self.counts["attempts"] += run.attempt
            for fault in faults(run, events[run.pk], found[run.pk]):
                self.violations.append(f"{run}: {fault}")
            if run.pk in self._cancelled and run.status != "cancelled":
                self.violations.append(f"{run}: its cancel was acknowledged")
        self.counts["cancels acknowledged"] = len(self._cancelled)
        self._read_logs()

    def _read_logs(self) -> None:
        for worker in [*self._workers, *self._dead]:
            log = worker.log
            self.counts["leases lost (log)"] += log.count("lease lost")
            self.counts["stale writes refused"] += log.count("stale write refused")
            self.counts["database errors outlived (log)"] += log.count(
                "database trouble"
            )
            if "Exception in thread" in log:
                self.violations.append(f"a thread of a worker died: {log[-3000:]}")
            if "guard:" in log:
                self.violations.append(
                    f"a guard was hit: {log[log.index('guard:') :][:500]}"
                )
        for worker in self._dead:
            if worker.process.poll() == 1:
                self.violations.append(f"a worker failed: {worker.log[-3000:]}")
        if not self.counts["stale writes refused"]:
            self.violations.append("no stale write was tried: nothing is proved")

    def _report(self) -> int:
        lines = [f"{count:8}  {what}" for what, count in sorted(self.counts.items())]
        shown = self.violations[:20]
        lines += [f"VIOLATION  {text}" for text in shown]
        lines.append(f"{len(self.violations)} violations")
        sys.stdout.write("\n".join(lines) + "\n")
        return 1 if self.violations else 0


def faults(run: Run, events: list[RunEvent], found: dict[str, int]) -> list[str]:
    """Compare what is stored of a run with what must be."""
    kinds = [event.kind for event in events]
    wrong = []
    if [event.seq for event in events] != list(range(1, len(events) + 1)):
        wrong.append("its events have gaps")
    if [kind for kind in kinds if kind in TERMINAL] != [run.status]:
        wrong.append(f"it ended {[kind for kind in kinds if kind in TERMINAL]}")
    if kinds.count("claimed") != run.attempt:
        wrong.append(f"{kinds.count('claimed')} claims, attempt {run.attempt}")
    if any(attempt > run.attempt for attempt in found.values()):
        wrong.append(f"results of attempts that never were: {found}")
    if run.status == "succeeded":
        theirs = {name: at for name, at in found.items() if name != "zombie"}
        if theirs != {"first": run.attempt, "second": run.attempt}:
            wrong.append(f"succeeded in attempt {run.attempt} with {found}")
    return wrong


def claim_and_forget() -> list[Lease]:
    """Claim two runs for a worker that does nothing with them."""
    lease = timedelta(seconds=LEASE_S / 2)
    taken = queue.claim("zombie", limit=2, lease=lease, deadline=timedelta(minutes=10))
    return [run.lease for run in taken]


def stubbornly(work: Callable[[], T]) -> T:
    """Ask again until the database answers."""
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(0.1)
