"""The queue's promises, on every durable backend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models import F

from runs import queue
from runs.errors import RunNotFoundError
from runs.models import Lease, Run, RunEvent, RunStatus
from runs.worker.execution import Ending
from tests.runs.building import (
    DEADLINE,
    LEASE,
    claim_one,
    event_kinds,
    fresh,
    let_deadline_pass,
    let_lease_expire,
)

pytestmark = [pytest.mark.durable, pytest.mark.django_db]

SUCCESS = Ending(status=RunStatus.SUCCEEDED, summary={"verdict": "passed"})
TRANSIENT = Ending(
    status=RunStatus.FAILED, error="503", error_code="unavailable", transient=True
)
Maker = Callable[..., Run]


def end(lease: Lease, ending: Ending = SUCCESS) -> bool:
    """End an attempt as a worker does; whether the lease still allowed it."""
    with queue.holding([lease]) as held:
        RunEvent.objects.log(ending.apply(run) for run in held.values())
        return bool(held)


def test_a_claim_takes_the_oldest_run_and_counts_the_attempt(make: Maker) -> None:
    first, second = make(), make()

    claimed = queue.claim("w", limit=1, lease=LEASE, deadline=DEADLINE)

    assert [run.pk for run in claimed] == [first.pk]
    stored = fresh(first)
    assert (stored.status, stored.attempt, stored.worker_id) == ("running", 1, "w")
    assert stored.started_at == stored.claimed_at is not None
    assert stored.lease_expires_at == stored.claimed_at + LEASE
    assert stored.deadline_at == stored.claimed_at + DEADLINE
    assert fresh(second).status == "queued"
    assert event_kinds(first) == ["queued", "claimed"]


def test_the_instance_of_a_claim_is_what_is_stored(make: Maker) -> None:
    make()

    run = claim_one()

    stored = fresh(run)
    assert run.lease == stored.lease
    assert (run.status, run.event_seq) == (stored.status, stored.event_seq)
    assert run.remaining == DEADLINE


def test_a_claim_takes_as_many_as_were_asked_for(make: Maker) -> None:
    made = [make() for _ in range(3)]

    claimed = queue.claim("w", limit=2, lease=LEASE, deadline=DEADLINE)

    assert [run.pk for run in claimed] == [run.pk for run in made[:2]]


def test_an_empty_queue_gives_nothing() -> None:
    assert queue.claim("w", limit=4, lease=LEASE, deadline=DEADLINE) == []


def test_a_higher_priority_goes_first(make: Maker) -> None:
    make()
    urgent = make(priority=10)

    assert claim_one().pk == urgent.pk


def test_a_project_that_floods_the_queue_does_not_starve_another(make: Maker) -> None:
    flood = [make(labels={"project": "flood"}) for _ in range(10)]
    single = make(labels={"project": "single"})

    order = [
        run.pk for run in queue.claim("w", limit=3, lease=LEASE, deadline=DEADLINE)
    ]

    assert order[0] == flood[0].pk
    assert single.pk in order


def test_a_run_that_waits_for_its_retry_is_not_claimed(make: Maker) -> None:
    make()
    run = claim_one()
    end(run.lease, TRANSIENT)

    assert queue.claim("w", limit=1, lease=LEASE, deadline=DEADLINE) == []
    assert fresh(run).status == "queued"


def test_a_heartbeat_extends_the_lease_and_hears_nothing_special(make: Maker) -> None:
    make()
    run = claim_one(lease=timedelta(seconds=5))

    pulses = queue.heartbeat([run.lease], lease=timedelta(minutes=5))

    assert pulses == {
        run.lease: queue.Pulse(
            lease=run.lease, cancel_requested=False, deadline_passed=False
        )
    }
    stored = fresh(run)
    assert stored.lease_expires_at > stored.claimed_at + timedelta(minutes=4)


def test_a_heartbeat_hears_of_a_cancel_and_of_the_deadline(make: Maker) -> None:
    make(), make()
    cancelled, overdue = queue.claim("w", limit=2, lease=LEASE, deadline=DEADLINE)
    queue.cancel(cancelled.pk)
    let_deadline_pass(overdue)

    pulses = queue.heartbeat([cancelled.lease, overdue.lease], lease=LEASE)

    assert pulses[cancelled.lease].cancel_requested
    assert not pulses[cancelled.lease].deadline_passed
    assert pulses[overdue.lease].deadline_passed


def test_a_lost_lease_has_no_pulse(make: Maker) -> None:
    make()
    old = claim_one("worker-a")
    let_lease_expire(old)
    queue.sweep()
    new = claim_one("worker-b")

    pulses = queue.heartbeat([old.lease, new.lease], lease=LEASE)

    assert set(pulses) == {new.lease}


def test_a_stale_worker_cannot_write(make: Maker) -> None:
    make()
    stale = claim_one("worker-a")
    let_lease_expire(stale)
    queue.sweep()
    owner = claim_one("worker-b")

    assert not end(stale.lease, Ending(status=RunStatus.FAILED, error="late"))

    stored = fresh(owner)
    assert (stored.status, stored.attempt, stored.worker_id) == (
        "running",
        2,
        "worker-b",
    )


def test_an_attempt_ends_once(make: Maker) -> None:
    make()
    run = claim_one()

    assert end(run.lease)
    assert not end(run.lease, Ending(status=RunStatus.FAILED, error="late"))

    stored = fresh(run)
    assert (stored.status, stored.error, stored.worker_id) == ("succeeded", None, None)
    assert stored.finished_at is not None
    assert stored.summary == {"verdict": "passed"}


def test_success_clears_the_error_of_an_earlier_attempt(make: Maker) -> None:
    make()
    run = claim_one()
    end(run.lease, TRANSIENT)
    Run.objects.update(available_at=F("created_at"))

    end(claim_one().lease)

    stored = fresh(run)
    assert (stored.status, stored.error, stored.error_code) == ("succeeded", None, "")


def test_a_transient_failure_is_tried_again_until_the_budget_is_spent(
    make: Maker,
) -> None:
    run = make(max_attempts=2)
    end(claim_one().lease, TRANSIENT)
    Run.objects.update(available_at=F("created_at"))
    end(claim_one().lease, TRANSIENT)

    stored = fresh(run)
    assert (stored.status, stored.attempt, stored.error) == ("failed", 2, "503")
    assert event_kinds(run) == ["queued", "claimed", "retrying", "claimed", "failed"]


def test_a_permanent_failure_ends_the_run_at_once(make: Maker) -> None:
    make()
    run = claim_one()

    end(run.lease, Ending(status=RunStatus.FAILED, error="bad", error_code="bad"))

    assert fresh(run).status == "failed"
    assert fresh(run).attempt == 1


def test_a_released_run_is_claimed_at_once_with_its_budget_intact(make: Maker) -> None:
    make(max_attempts=1)
    run = claim_one()
    with queue.holding([run.lease]) as held:
        RunEvent.objects.log([held[run.lease].release()])

    again = claim_one("worker-b")

    assert (again.pk, again.attempt) == (run.pk, 2)
    assert fresh(run).max_attempts == 2


def test_an_expired_lease_is_taken_back_and_tried_again(make: Maker) -> None:
    make()
    run = claim_one("dead")
    let_lease_expire(run)

    swept = queue.sweep()

    assert [r.pk for r in swept] == [run.pk]
    again = claim_one("alive")
    assert (again.pk, again.attempt) == (run.pk, 2)
    assert event_kinds(run) == [
        "queued",
        "claimed",
        "lease_expired",
        "retrying",
        "claimed",
    ]


def test_the_last_attempt_that_is_lost_fails_the_run(make: Maker) -> None:
    make(max_attempts=1)
    run = claim_one("dead")
    let_lease_expire(run)

    queue.sweep()

    stored = fresh(run)
    assert (stored.status, stored.error_code) == ("failed", "worker_lost")
    assert "dead" in (stored.error or "")


def test_a_cancelled_run_whose_worker_is_lost_ends_cancelled(make: Maker) -> None:
    make()
    run = claim_one("dead")
    queue.cancel(run.pk)
    let_lease_expire(run)

    queue.sweep()

    assert fresh(run).status == "cancelled"


def test_a_lost_run_past_its_deadline_is_not_tried_again(make: Maker) -> None:
    make()
    run = claim_one("dead")
    let_lease_expire(run)
    let_deadline_pass(run)

    queue.sweep()

    assert fresh(run).error_code == "deadline_exceeded"


def test_a_queued_run_past_its_deadline_is_closed(make: Maker) -> None:
    run = make()
    let_deadline_pass(run)

    queue.sweep()

    assert (fresh(run).status, fresh(run).error) == ("failed", "deadline_exceeded")


def test_a_run_that_never_got_what_it_needs_says_so_at_its_deadline(
    make: Maker,
) -> None:
    make()
    run = claim_one()
    with queue.holding([run.lease]) as held:
        event = held[run.lease].retry_later(
            error="nobody answers", error_code="x", delay=timedelta(hours=1)
        )
        RunEvent.objects.log([event])
    let_deadline_pass(run)

    queue.sweep()

    ended = fresh(run)
    assert (ended.status, ended.error_code) == ("failed", "deadline_exceeded")
    assert ended.error == "deadline_exceeded: nobody answers"


def test_a_sweep_leaves_live_runs_alone(make: Maker) -> None:
    make()
    run = claim_one()

    assert queue.sweep() == []
    assert fresh(run).status == "running"


def test_an_expired_lease_that_nobody_swept_is_revived(make: Maker) -> None:
    make()
    run = claim_one()
    let_lease_expire(run)

    assert run.lease in queue.heartbeat([run.lease], lease=LEASE)
    assert queue.sweep() == []


def test_cancelling_a_queued_run_ends_it_at_once(queued_run: Run) -> None:
    answer = queue.cancel(queued_run.pk)

    assert (answer.status, answer.cancel_requested) == ("cancelled", True)
    assert answer.finished_at is not None
    assert event_kinds(queued_run) == ["queued", "cancelled"]


def test_cancelling_a_running_run_is_left_to_its_owner(make: Maker) -> None:
    make()
    run = claim_one()

    answer = queue.cancel(run.pk)

    assert (answer.status, answer.cancel_requested) == ("running", True)


def test_cancelling_twice_changes_nothing_more(make: Maker) -> None:
    make()
    run = claim_one()
    queue.cancel(run.pk)

    queue.cancel(run.pk)

    assert event_kinds(run) == ["queued", "claimed", "cancel_requested"]


def test_a_run_that_ended_is_not_cancelled(make: Maker) -> None:
    make()
    run = claim_one()
    end(run.lease)

    assert queue.cancel(run.pk).status == "succeeded"
    assert not fresh(run).cancel_requested


def test_cancelling_an_unknown_run_is_an_error() -> None:
    with pytest.raises(RunNotFoundError):
        queue.cancel(uuid4())


@pytest.mark.parametrize(
    "ending", [SUCCESS, TRANSIENT], ids=["success", "transient failure"]
)
def test_after_an_acknowledged_cancel_a_run_ends_cancelled(
    make: Maker, ending: Ending
) -> None:
    make()
    run = claim_one()
    queue.cancel(run.pk)

    end(run.lease, ending)

    stored = fresh(run)
    assert (stored.status, stored.error) == ("cancelled", "cancelled by request")


def test_the_deadline_is_set_by_the_first_attempt_for_all(make: Maker) -> None:
    make()
    run = claim_one()
    deadline = fresh(run).deadline_at
    let_lease_expire(run)
    queue.sweep()

    again = claim_one()

    assert fresh(run).deadline_at == deadline
    assert again.remaining < DEADLINE
