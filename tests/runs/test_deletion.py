"""A run that has ended can be deleted, and nothing of others goes with it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client

from runs import queue
from runs.deletion import delete, prune
from runs.fetching import keep
from runs.models import Run, RunEvent, RunInput, TraceDocument
from runs.spec import Payload, read_submission
from runs.submission import submit
from tests.runs.asking import faults
from tests.runs.building import (
    LEASE,
    TRACE,
    claim_one,
    let_lease_expire,
    make_run,
    new_id,
    submission_body,
)
from tests.runs.racing import PATIENCE_S, Racer, paused

OTHER_TRACE = {"resourceSpans": [], "other": 1}
pytestmark = [pytest.mark.durable, pytest.mark.django_db]


def ended_run(trace: Any = TRACE) -> Run:
    run = make_run(spec={"target": {"kind": "inline", "inline": trace}})
    return queue.cancel(run.pk)


def let_months_pass(run: Run) -> None:
    """Age the end of a run."""
    Run.objects.filter(pk=run.pk).update(
        finished_at=F("finished_at") - timedelta(days=90)
    )


def test_a_deleted_run_leaves_nothing(client: Client) -> None:
    run = ended_run()

    answer = client.delete(f"/api/runs/{run.pk}")

    assert (answer.status_code, answer.content) == (204, b"")
    for model in (Run, RunEvent, RunInput, TraceDocument):
        assert not model.objects.exists(), model
    assert client.get(f"/api/runs/{run.pk}").status_code == 404
    assert client.delete(f"/api/runs/{run.pk}").status_code == 404


def test_a_trace_that_another_run_reads_stays(client: Client) -> None:
    run, reader = ended_run(), make_run()

    client.delete(f"/api/runs/{run.pk}")

    assert Run.objects.get().pk == reader.pk
    assert reader.inputs.get().document.verbatim()


def test_a_run_that_has_not_ended_is_not_deleted(client: Client) -> None:
    make_run()
    running = claim_one()
    queued = make_run()

    for run in (queued, running):
        answer = client.delete(f"/api/runs/{run.pk}")
        assert answer.status_code == 409
        assert answer.json()["code"] == "run_not_ended"
        assert "cancel it first" in answer.json()["detail"]
    assert Run.objects.count() == 2


def test_the_worker_of_a_deleted_run_does_not_own_the_next_of_its_id() -> None:
    run_id = new_id()
    zombie, namesake = claimed_twice(run_id)

    with queue.holding([zombie.lease]) as held:
        assert not held
    assert queue.heartbeat([zombie.lease], lease=LEASE) == {}
    assert list(queue.heartbeat([namesake.lease], lease=LEASE)) == [namesake.lease]
    assert zombie.attempt == namesake.attempt


def claimed_twice(run_id: str) -> tuple[Run, Run]:
    """Claim a run that is lost, ended and deleted, and then another of its id."""
    make_run(runId=run_id)
    zombie = claim_one("zombie")
    queue.cancel(zombie.pk)
    let_lease_expire(zombie)
    queue.sweep()
    delete(zombie.pk)
    make_run(runId=run_id)
    return zombie, claim_one("its heir")


def test_what_is_no_run_cannot_be_deleted(client: Client) -> None:
    assert client.delete(f"/api/runs/{new_id()}").status_code == 404
    assert faults(client.delete("/api/runs/xyz")) == [["path", "run_id"]]


def test_a_deletion_reads_no_trace() -> None:
    run = ended_run()
    read: list[str] = []

    def collect(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        read.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(collect):
        delete(run.pk)

    assert not any('"content"' in sql for sql in read)


def test_pruning_takes_old_runs_oldest_first_and_no_others() -> None:
    old, older, fresh_one = ended_run(), ended_run(OTHER_TRACE), ended_run()
    queued = make_run()
    let_months_pass(old)
    let_months_pass(older)
    let_months_pass(older)

    assert prune(older_than=timedelta(days=30), limit=1) == 1
    assert not Run.objects.filter(pk=older.pk).exists()
    assert TraceDocument.objects.count() == 1
    assert prune(older_than=timedelta(days=30), limit=2) == 1
    assert prune(older_than=timedelta(days=30), limit=2) == 0
    left = set(Run.objects.values_list("pk", flat=True))
    assert left == {fresh_one.pk, queued.pk}


racing = [
    pytest.mark.postgres,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite has one writer at a time"
    ),
    pytest.mark.django_db(transaction=True),
]


def submit_again() -> Run:
    (answer,) = submit([read_submission(submission_body())], max_attempts=1)
    return answer.run


class TestRaces:
    """A trace is deleted while somebody begins to read it, in every order."""

    pytestmark = racing

    def test_a_submit_that_comes_during_the_deletion_stores_the_trace_again(
        self,
    ) -> None:
        run = ended_run()
        deletion = paused(lambda: delete(run.pk))

        late = Racer(submit_again).wait_until_blocked()
        deletion.go_on()

        assert late.result().inputs.get().document.verbatim()

    def test_a_submit_that_had_found_the_trace_notices_that_it_is_gone(self) -> None:
        run = ended_run()
        found, go_on = threading.Event(), threading.Event()

        def stop(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if 'INTO "run_input"' in sql and not found.is_set():
                found.set()
                assert go_on.wait(PATIENCE_S)
            return execute(sql, params, many, context)

        def submit_slowly() -> Run:
            with connection.execute_wrapper(stop):
                return submit_again()

        slow = Racer(submit_slowly)
        assert found.wait(PATIENCE_S)
        delete(run.pk)
        go_on.set()

        assert slow.result().inputs.get().document.verbatim()
        assert Run.objects.get().pk == slow.result().pk

    def test_a_fetched_trace_is_held_until_it_is_read_by_its_run(self) -> None:
        run = ended_run()
        content = run.inputs.get().document.verbatim()
        fetching = make_run(spec={"target": {"kind": "inline", "inline": OTHER_TRACE}})
        RunInput.objects.filter(run=fetching).delete()
        kept = paused(lambda: keep(fetching, Payload(content=content)))

        deletion = Racer(lambda: delete(run.pk)).wait_until_blocked()
        kept.go_on()
        deletion.result()

        assert fetching.inputs.get().document.verbatim() == content
        assert not Run.objects.filter(pk=run.pk).exists()

    def test_two_runs_that_share_a_trace_are_deleted_with_it(self) -> None:
        first, second = ended_run(), ended_run()
        one = paused(lambda: delete(first.pk))

        other = Racer(lambda: delete(second.pk)).wait_until_blocked()
        one.go_on()
        other.result()

        assert not TraceDocument.objects.exists()
