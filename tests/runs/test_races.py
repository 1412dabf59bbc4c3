"""Two workers, clients or sweeps at the same row at the same moment, in either order."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest
from django.db import connection, transaction

from runs import queue
from runs.deletion import delete
from runs.models import Lease, Run, RunEvent
from runs.spec import read_submission
from runs.submission import Answer, Outcome, submit
from tests.runs import machine
from tests.runs.building import (
    DEADLINE,
    LEASE,
    claim_one,
    event_kinds,
    fresh,
    let_lease_expire,
    make_run,
    new_id,
    submission_body,
)
from tests.runs.racing import Racer, paused

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite has one writer at a time"
    ),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def running(transactional_db: None) -> Run:
    """Return a run that some worker has."""
    make_run()
    return claim_one()


@pytest.fixture
def expired(running: Run) -> Run:
    """Return a run whose worker was not heard of in time."""
    let_lease_expire(running)
    return running


def claim(worker: str, limit: int = 1) -> list[UUID]:
    taken = queue.claim(worker, limit=limit, lease=LEASE, deadline=DEADLINE)
    return [run.pk for run in taken]


def beat(leases: Sequence[Lease]) -> set[Lease]:
    return set(queue.heartbeat(leases, lease=LEASE))


def succeed(lease: Lease) -> set[Lease]:
    last = machine.done_frame(machine.SUCCESS)
    return machine.write([lease], [machine.progress_frame("m"), last])


def save_result(lease: Lease) -> set[Lease]:
    return machine.write([lease], [machine.progress_frame("m")])


def release(lease: Lease) -> set[Lease]:
    with queue.holding([lease]) as held:
        RunEvent.objects.log([run.release() for run in held.values()])
        return set(held)


def cancel(run: Run) -> Run:
    return queue.cancel(run.pk)


def test_two_claims_take_different_runs() -> None:
    first, second = make_run(), make_run()

    slow = paused(lambda: claim("slow"))
    quick = claim("quick", limit=2)
    slow.go_on()

    assert (slow.result(), quick) == ([first.pk], [second.pk])


def test_two_sweeps_share_the_work(expired: Run) -> None:
    slow = paused(queue.sweep)
    assert queue.sweep() == []
    slow.go_on()

    assert [run.pk for run in slow.result()] == [expired.pk]
    assert event_kinds(expired)[-2:] == ["lease_expired", "retrying"]


def test_a_heartbeat_that_is_first_saves_its_run_from_the_sweep(expired: Run) -> None:
    owner = paused(lambda: beat([expired.lease]))
    assert queue.sweep() == []
    owner.go_on()

    assert queue.sweep() == []
    assert fresh(expired).status == "running"


def test_a_heartbeat_that_is_late_hears_of_its_loss(expired: Run) -> None:
    sweep = paused(queue.sweep)
    owner = Racer(lambda: beat([expired.lease])).wait_until_blocked()
    sweep.go_on()

    assert owner.result() == set()


def test_a_finish_that_is_first_keeps_its_run_from_the_sweep(expired: Run) -> None:
    owner = paused(lambda: succeed(expired.lease))
    assert queue.sweep() == []
    owner.go_on()

    assert queue.sweep() == []
    assert fresh(expired).status == "succeeded"


def test_a_finish_after_the_sweep_writes_nothing(expired: Run) -> None:
    sweep = paused(queue.sweep)
    owner = Racer(lambda: succeed(expired.lease)).wait_until_blocked()
    sweep.go_on()

    assert owner.result() == set()
    assert (fresh(expired).status, expired.results.count()) == ("queued", 0)


def test_a_zombie_never_writes_to_a_run_that_has_its_run_s_id(expired: Run) -> None:
    zombie = expired.lease
    cancel(expired)
    queue.sweep()
    delete(expired.pk)
    make_run(runId=str(expired.pk))
    claiming = Racer(lambda: claim("its heir"), pauses=True).wait_until_done()

    before = succeed(zombie)
    claiming.go_on()
    assert claiming.result() == [expired.pk]
    after = succeed(zombie)

    assert (before, after, beat([zombie])) == (set(), set(), set())
    assert (fresh(expired).status, fresh(expired).worker_id) == ("running", "its heir")
    assert event_kinds(expired) == ["queued", "claimed"]


def test_results_that_are_first_are_kept(expired: Run) -> None:
    owner = paused(lambda: save_result(expired.lease))
    assert queue.sweep() == []
    owner.go_on()

    assert [run.pk for run in queue.sweep()] == [expired.pk]
    assert expired.results.get().attempt == 1


def test_results_after_the_sweep_are_refused(expired: Run) -> None:
    sweep = paused(queue.sweep)
    owner = Racer(lambda: save_result(expired.lease)).wait_until_blocked()
    sweep.go_on()

    assert owner.result() == set()
    assert expired.results.count() == 0


def test_a_cancel_during_a_claim_is_left_to_the_new_owner() -> None:
    run = make_run()

    worker = paused(lambda: claim("w"))
    client = Racer(lambda: cancel(run)).wait_until_blocked()
    worker.go_on()

    answer = client.result()
    assert (answer.status, answer.cancel_requested) == ("running", True)
    assert event_kinds(run) == ["queued", "claimed", "cancel_requested"]


def test_a_claim_during_a_cancel_takes_nothing() -> None:
    run = make_run()

    client = paused(lambda: cancel(run))
    assert claim("w") == []
    client.go_on()

    assert claim("w") == []
    assert fresh(run).status == "cancelled"


def test_a_cancel_after_the_finish_changes_nothing(running: Run) -> None:
    worker = paused(lambda: succeed(running.lease))
    client = Racer(lambda: cancel(running)).wait_until_blocked()
    worker.go_on()

    answer = client.result()
    assert (answer.status, answer.cancel_requested) == ("succeeded", False)


def test_a_finish_after_the_cancel_ends_cancelled(running: Run) -> None:
    client = paused(lambda: cancel(running))
    worker = Racer(lambda: succeed(running.lease)).wait_until_blocked()
    client.go_on()

    assert worker.result() == {running.lease}
    assert fresh(running).status == "cancelled"
    assert running.results.count() == 1


def test_a_cancel_after_a_release_ends_the_run_at_once(running: Run) -> None:
    worker = paused(lambda: release(running.lease))
    client = Racer(lambda: cancel(running)).wait_until_blocked()
    worker.go_on()

    assert client.result().status == "cancelled"


def test_a_release_after_the_cancel_ends_the_run_at_once(running: Run) -> None:
    client = paused(lambda: cancel(running))
    worker = Racer(lambda: release(running.lease)).wait_until_blocked()
    client.go_on()

    assert worker.result() == {running.lease}
    assert fresh(running).status == "cancelled"


def submitted(run_id: str, **spec: object) -> Answer:
    submission = read_submission(submission_body(runId=run_id, spec=spec))
    return submit([submission], max_attempts=3)[0]


@pytest.mark.parametrize(
    ("spec", "outcome"),
    [({}, Outcome.EXISTING), ({"context": {"other": 1}}, Outcome.CONFLICT)],
    ids=["the same", "another spec"],
)
def test_of_two_submits_of_one_id_one_makes_the_run(
    transactional_db: None, spec: dict[str, object], outcome: Outcome
) -> None:
    run_id = new_id()

    first = paused(lambda: submitted(run_id))
    second = Racer(lambda: submitted(run_id, **spec)).wait_until_blocked()
    first.go_on()

    assert first.result().outcome is Outcome.CREATED
    assert second.result().outcome is outcome
    assert event_kinds(Run.objects.get()) == ["queued"]


def test_heartbeats_and_writes_of_one_worker_do_not_deadlock() -> None:
    for number in (1, 2):
        make_run(runId=str(UUID(int=number)))
    low, high = queue.claim("w", limit=2, lease=LEASE, deadline=DEADLINE)
    leases = [low.lease, high.lease]
    for run in (high, low):  # the order on the disk is the opposite of the ids'
        Run.objects.filter(pk=run.pk).update(name="moved")

    other = paused(lambda: Run.objects.filter(pk=high.pk).lock().first())
    heartbeat = Racer(lambda: beat_in_disk_order(leases)).wait_until_blocked()
    writer = Racer(lambda: save_results(leases)).wait_until_blocked()
    other.go_on()

    assert heartbeat.result() == writer.result() == set(leases)


def beat_in_disk_order(leases: Sequence[Lease]) -> set[Lease]:
    """Beat under the plan that PostgreSQL may choose for many runs."""
    with transaction.atomic(), connection.cursor() as cursor:
        for kind in ("indexscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{kind} = off")
        return beat(leases)


def save_results(leases: Sequence[Lease]) -> set[Lease]:
    return machine.write(leases, [machine.progress_frame("m")])
