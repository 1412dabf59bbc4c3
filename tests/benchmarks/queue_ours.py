"""Our queue, measured; Django must be set up."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

from django.db import connection
from django.db.models import F

from runs import queue
from runs.models import Run, RunEvent, RunStatus
from runs.wakeups import announce_work
from runs.worker.execution import Ending
from runs.worker.settings import WorkerSettings
from tests.runs.building import DEADLINE, LEASE, fresh, make_run
from tests.worker.supervising import WorkerProcess, has_status, wait_until

FILL = """
INSERT INTO run (run_id, status, approach, spec, fingerprint, name, labels, priority,
  project, fair_key, attempt, max_attempts, cancel_requested, event_seq, error_code)
SELECT gen_random_uuid(), 'queued', 'trace_replay', '{}', '', '', '{}', 0, '', n, 0, 3,
  false, 1, ''
FROM generate_series(1, %s) AS n
"""
SUCCESS = Ending(status=RunStatus.SUCCEEDED, summary={"verdict": "passed"})
LEASE_S = 3.0
PICK_UPS = 100


def drain(backlog: int, *, k: int, ended: int) -> float:
    """Return the runs a second that one process claims and finishes, ``k`` at once."""
    seconds, done = 0.0, 0
    while done < ended:
        _fill(backlog)
        seconds += _work(k, min(backlog, ended - done))
        done += Run.objects.filter(status=RunStatus.SUCCEEDED).count()
    return done / seconds


def _fill(backlog: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE run CASCADE")
        cursor.execute(FILL, [backlog])
        cursor.execute("VACUUM ANALYZE run")
        cursor.execute("CHECKPOINT")


def _work(k: int, count: int) -> float:
    started = time.perf_counter()
    for begun in range(0, count, k):
        batch(min(k, count - begun))
    return time.perf_counter() - started


def batch(k: int) -> None:
    """Claim and finish as the worker does, with nothing in between."""
    runs = queue.claim("bench", limit=k, lease=LEASE, deadline=DEADLINE)
    with queue.holding([run.lease for run in runs]) as held:
        RunEvent.objects.log([SUCCESS.apply(run) for run in held.values()])


def pick_up_ms(folder: Path) -> list[float]:
    """Return how long each of many runs waits for an idle worker."""
    _fill(0)
    worker = _start(folder / "pick-up", "fast")
    try:
        wait_until(lambda: "Started" in worker.log, "the worker started")
        for _ in range(PICK_UPS):
            run = make_run()
            announce_work()
            wait_until(has_status(run, RunStatus.SUCCEEDED), "the run succeeded")
    finally:
        worker.close()
    waited = Run.objects.annotate(waited=F("started_at") - F("created_at"))
    _first, *others = waited.order_by("created_at").values_list("waited", flat=True)
    return [wait.total_seconds() * 1_000 for wait in others]


def take_over_s(folder: Path) -> float:
    """Return the time from ``kill -9`` of a worker to the claim of its run by another."""
    _fill(0)
    run = make_run()
    dying, heir = _start(folder / "dying", "gated"), None
    try:
        dying.wait_for_evaluators()
        heir = _start(folder / "heir", "gated")
        wait_until(lambda: "Started" in heir.log, "the heir started")
        killed_s = time.monotonic()
        dying.kill()
        wait_until(lambda: fresh(run).attempt > 1, "the heir claimed")
        return time.monotonic() - killed_s
    finally:
        for worker in (dying, heir):
            if worker is not None:
                worker.close()


def _start(folder: Path, evaluator: str) -> WorkerProcess:
    return WorkerProcess(
        folder,
        evaluator,
        WorkerSettings(
            slots=1,
            lease_s=LEASE_S,
            heartbeat_s=LEASE_S / 6,
            deadline_s=DEADLINE / timedelta(seconds=1),
            poll_s=1.0,
            drain_s=0.0,
            command=(),
        ),
    )
