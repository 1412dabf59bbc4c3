"""Real worker processes: killed, stopped, drained, lied to."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F

from runs import queue
from runs.models import EventKind, Run, RunEvent, Worker
from runs.wakeups import announce_work
from tests.e2e.serving import free_port
from tests.runs.building import event_kinds, fresh, make_run
from tests.worker.conftest import Starter
from tests.worker.supervising import (
    PROJECT,
    database_out_of_reach,
    environment,
    full_disk,
    has_status,
    is_running,
    wait_until,
)

COMMAND = (sys.executable, "manage.py", "runworker_evals", "--slots", "1")
pytestmark = [
    pytest.mark.durable,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(120),
]
on_postgres_only = pytest.mark.skipif(
    settings.STORAGE_BACKEND != "postgres", reason="several workers need PostgreSQL"
)


def results_of(run: Run) -> dict[str, int]:
    """Return the attempt that wrote each result."""
    return dict(run.results.values_list("evaluator_name", "attempt"))


def has_failed_once(run: Run) -> Callable[[], bool]:
    """Return a look at whether the first attempt is over and the next is to come."""
    waiting = Run.objects.filter(pk=run.pk, status="queued", attempt=1)
    return lambda: waiting.all().exists()


def counted(run: Run) -> int:
    """Return how many passed results the run's summary counts."""
    summary = fresh(run).summary
    assert summary is not None
    return int(summary["result_counts"]["passed"])


def test_a_run_is_evaluated(start: Starter) -> None:
    run = make_run()
    worker = start("fast")

    wait_until(has_status(run, "succeeded"), "the run succeeded")

    assert results_of(run) == {"first": 1}
    said = f"run={run.pk} (attempt=1) succeeded (traces=1, "
    wait_until(lambda: said in worker.log, "the log told it")


def test_a_killed_worker_s_run_is_finished_by_another(start: Starter) -> None:
    run = make_run()
    killed = start("gated")
    killed.wait_for_evaluators()

    killed.kill()
    start("fast")
    wait_until(has_status(run, "succeeded"), "another finished the run")

    assert fresh(run).attempt == 2
    happened = [kind for kind in event_kinds(run) if kind != "progress"]
    assert happened[2:] == ["lease_expired", "retrying", "claimed", "succeeded"]


@pytest.mark.parametrize("evaluator", ["gated", "busy"])
def test_no_evaluator_survives_its_killed_worker(
    start: Starter, evaluator: str
) -> None:
    make_run()
    worker = start(evaluator)
    worker.wait_for_evaluators()

    worker.kill()

    (evaluator_pid,) = worker.evaluators
    wait_until(lambda: not is_running(evaluator_pid), "the evaluator ended")


def test_the_first_sigterm_lets_runs_finish(start: Starter) -> None:
    run, waiting = make_run(), make_run()
    worker = start("gated")
    worker.wait_for_evaluators()

    worker.send(signal.SIGTERM)
    wait_until(lambda: "Draining" in worker.log, "the drain began")
    worker.open_gate()

    assert worker.wait() == 0
    assert (fresh(run).status, fresh(run).attempt) == ("succeeded", 1)
    assert fresh(waiting).status == "queued"


def test_what_outlasts_the_drain_is_given_back_with_its_budget(start: Starter) -> None:
    run = make_run(max_attempts=1)
    worker = start("gated", drain_s=0.5)
    worker.wait_for_evaluators()

    worker.send(signal.SIGTERM)

    assert worker.wait() == 0
    stored = fresh(run)
    assert (stored.status, stored.attempt, stored.max_attempts) == ("queued", 1, 2)
    assert results_of(run) == {"first": 1}
    start("fast")
    wait_until(has_status(run, "succeeded"), "the next worker finished it")
    assert fresh(run).attempt == 2


def test_the_second_sigterm_stops_at_once(start: Starter) -> None:
    run = make_run()
    worker = start("busy", drain_s=1_000)
    worker.wait_for_evaluators()

    worker.send(signal.SIGTERM)
    wait_until(lambda: "Draining" in worker.log, "the drain began")
    worker.send(signal.SIGTERM)

    assert worker.wait() == 0
    assert fresh(run).status == "queued"
    assert not any(is_running(pid) for pid in worker.evaluators)


def test_a_cancel_kills_even_a_busy_evaluator_within_a_second(start: Starter) -> None:
    run = make_run()
    worker = start("busy", heartbeat_s=0.9, poll_s=30.0)
    worker.wait_for_evaluators()
    wait_until(lambda: bool(results_of(run)), "the first result was saved")

    queue.cancel(run.pk)
    announce_work()
    wait_until(has_status(run, "cancelled"), "the run was cancelled")

    asked = run.events.get(kind=EventKind.CANCEL_REQUESTED).created_at
    assert fresh(run).finished_at - asked < timedelta(seconds=1)
    assert results_of(run) == {"first": 1}
    assert counted(run) == 1
    assert not any(is_running(pid) for pid in worker.evaluators)


def test_a_cancelled_run_leaves_its_worker_free_for_the_next(start: Starter) -> None:
    run, following = make_run(), make_run()
    worker = start("gated")
    worker.wait_for_evaluators()

    queue.cancel(run.pk)
    worker.open_gate()
    wait_until(has_status(following, "succeeded"), "the next run succeeded")

    assert fresh(run).status in {"cancelled", "succeeded"}
    if fresh(run).cancel_requested:
        assert fresh(run).status == "cancelled"


def test_the_deadline_ends_even_a_busy_evaluator(start: Starter) -> None:
    run = make_run()
    start("busy", deadline_s=1.5)

    wait_until(has_status(run, "failed"), "the run failed")

    stored = fresh(run)
    assert (stored.error, stored.attempt) == ("deadline_exceeded", 1)
    assert stored.finished_at - stored.deadline_at < timedelta(seconds=1)
    assert counted(run) == len(results_of(run))


@on_postgres_only
def test_a_worker_that_slept_through_its_lease_writes_nothing(start: Starter) -> None:
    run = make_run()
    sleeper = start("gated")
    sleeper.wait_for_evaluators()
    wait_until(lambda: bool(results_of(run)), "the first result was saved")

    sleeper.send(signal.SIGSTOP)
    sleeper.open_gate()  # its evaluator goes on and finishes
    other = start("fast")
    wait_until(has_status(run, "succeeded"), "another finished the run")
    before = fresh(run), event_kinds(run), results_of(run)
    sleeper.send(signal.SIGCONT)
    # It looks at its clock first, or at what its evaluator has sent and is refused.
    wait_until(
        lambda: "lease lost" in sleeper.log or "stale write refused" in sleeper.log,
        "the sleeper saw its loss",
    )
    sleeper.send(signal.SIGTERM)

    assert sleeper.wait() == 0
    assert other.process.poll() is None
    stored = fresh(run)
    assert (stored.attempt, stored.finished_at) == (2, before[0].finished_at)
    assert event_kinds(run) == before[1]
    assert results_of(run) == before[2] == {"first": 2}


def test_a_dead_evaluator_is_a_failed_attempt_and_tried_again(start: Starter) -> None:
    run = make_run()
    worker = start("dying", lease_s=60.0)

    wait_until(has_failed_once(run), "the attempt failed")
    assert fresh(run).error_code == "evaluator_died"
    worker.open_gate()
    Run.objects.filter(pk=run.pk).update(available_at=F("created_at"))
    announce_work()
    wait_until(has_status(run, "succeeded"), "the next attempt succeeded")

    assert fresh(run).attempt == 2


def test_an_evaluator_that_always_dies_fails_the_run_in_the_end(start: Starter) -> None:
    run = make_run(max_attempts=1)
    start("dying", lease_s=60.0)

    wait_until(has_status(run, "failed"), "the run failed")

    assert fresh(run).error_code == "evaluator_died"
    assert counted(run) == 1


@pytest.mark.parametrize(
    "evaluator", ["garbage", "endless", "unreadable", "unstorable"]
)
def test_a_worker_outlives_an_evaluator_that_talks_nonsense(
    start: Starter, evaluator: str
) -> None:
    runs = [make_run(max_attempts=1) for _ in range(2)]
    worker = start(evaluator, lease_s=60.0, deadline_s=20.0)

    for run in runs:
        wait_until(has_status(run, "failed"), "the run failed")

    assert worker.process.poll() is None
    assert {fresh(run).error_code for run in runs} == {"evaluator_died"}


@on_postgres_only
def test_a_worker_outlives_its_connections(start: Starter) -> None:
    run = make_run()
    worker = start("gated")
    worker.wait_for_evaluators()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # our own are dead too
    worker.open_gate()
    wait_until(has_status(run, "succeeded"), "the run succeeded")

    assert fresh(run).attempt == 1
    assert worker.process.poll() is None


@on_postgres_only
def test_a_worker_waits_for_the_database_from_its_start_on(start: Starter) -> None:
    run = make_run()

    with database_out_of_reach():
        worker = start("fast")
        wait_until(lambda: "database trouble" in worker.log, "the worker was refused")
    wait_until(has_status(run, "succeeded"), "the run succeeded")

    assert Worker.objects.get().pid == worker.process.pid


@on_postgres_only
def test_a_worker_waits_for_room_on_a_full_disk(start: Starter) -> None:
    run = make_run()
    worker = start("gated")
    worker.wait_for_evaluators()

    with full_disk():
        worker.open_gate()
        wait_until(lambda: "No space left" in worker.log, "the disk was full")
        assert fresh(run).status == "running"
    wait_until(has_status(run, "succeeded"), "the run succeeded")

    assert fresh(run).attempt == 1
    assert run.results.exists()


@on_postgres_only
def test_a_worker_that_lost_its_database_for_good_can_be_stopped(
    start: Starter,
) -> None:
    run = make_run()
    worker = start("busy", drain_s=0.3)
    worker.wait_for_evaluators()

    with database_out_of_reach():
        worker.send(signal.SIGTERM)
        worker.wait()

    assert not any(is_running(pid) for pid in worker.evaluators)
    assert fresh(run).status == "running"  # and the next sweep takes it back


def test_an_idle_worker_is_woken(start: Starter) -> None:
    worker = start("fast", poll_s=1_000.0, lease_s=3_000.0)
    wait_until(lambda: "Started" in worker.log, "the worker started")
    first = make_run()
    announce_work()
    wait_until(has_status(first, "succeeded"), "the first run succeeded")

    run = make_run()
    announce_work()
    wait_until(has_status(run, "succeeded"), "the run succeeded")

    queued, claimed = RunEvent.objects.filter(
        run=run, kind__in=[EventKind.QUEUED, EventKind.CLAIMED]
    ).order_by("seq")
    assert claimed.created_at - queued.created_at < timedelta(seconds=1)


@on_postgres_only
def test_the_command_waits_for_a_database_that_is_not_there(tmp_path: Path) -> None:
    nowhere = f"postgres://nobody@127.0.0.1:{free_port()}/nothing"
    log = tmp_path / "log"
    with log.open("w") as output:
        worker = subprocess.Popen(
            COMMAND,
            cwd=PROJECT,
            env=environment() | {"AGENTEVALS_DATABASE_URL": nowhere},
            stderr=output,
        )
    try:
        wait_until(lambda: "database trouble" in log.read_text(), "it was refused")
    finally:
        worker.terminate()
        assert worker.wait(60) == 0, log.read_text()


@pytest.mark.skipif(settings.STORAGE_BACKEND != "sqlite", reason="a rule of SQLite")
@pytest.mark.usefixtures("transactional_db")
def test_a_second_worker_on_one_sqlite_file_is_refused() -> None:
    run = make_run()
    first = subprocess.Popen(COMMAND, cwd=PROJECT, env=environment())
    try:
        wait_until(has_status(run, "succeeded", "failed"), "the first worker works")

        second = subprocess.run(
            COMMAND,
            cwd=PROJECT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        first.terminate()
        assert first.wait(60) == 0

    assert second.returncode != 0
    last_words = second.stderr.strip().splitlines()[-1]
    assert "another worker process works on this SQLite file" in last_words
    assert "postgres" in last_words
