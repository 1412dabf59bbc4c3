"""The outbox is emptied in order, by any number of workers, at least once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from results.delivery.deliverer import Deliverer, retry_delay, settle
from results.delivery.outcome import DELIVERED, Outcome
from results.models import Delivery
from runs import queue
from runs.models import Run
from runs.models.clock import Now
from tests.results.delivery.building import (
    STDOUT,
    claim,
    done,
    let_time_pass,
    outbox,
    record,
    run_with,
    unit,
)
from tests.runs.building import claim_one

pytestmark = [pytest.mark.durable, pytest.mark.django_db]
AGAIN = Outcome(error="HTTP 503", transient=True)
NEVER = Outcome(error="HTTP 401")


def finished_run(*sinks: dict[str, object]) -> Run:
    """Return a run with three events for each sink."""
    run_with(*(sinks or (STDOUT,)))
    run = claim_one()
    record(run, unit("first"))
    record(run, unit("second"))
    record(run, done())
    return run


def stored(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(pk=delivery.pk)


def test_what_waits_says_when_it_is_due() -> None:
    assert Delivery.objects.due_in() is None
    finished_run()
    assert Delivery.objects.due_in() <= timedelta(0)

    (first,) = claim()
    settle(first, AGAIN)

    # The next event of the sink has its turn only after the first.
    left = Delivery.objects.due_in()
    assert timedelta(0) < left <= retry_delay(1, None) * 3


def test_a_sink_hears_one_event_after_the_other() -> None:
    finished_run()

    sequences = []
    while claimed := claim():
        (delivery,) = claimed
        sequences.append(delivery.sequence)
        assert claim() == []
        settle(delivery, DELIVERED)

    assert sequences == [1, 2, 3]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_a_slow_sink_does_not_hold_up_another() -> None:
    finished_run(STDOUT, STDOUT)
    slow, quick = claim()
    settle(quick, DELIVERED)

    (after,) = claim()

    assert (after.sink_index, after.sequence) == (quick.sink_index, 2)
    assert stored(slow).state == "pending"


def test_a_delivery_knows_its_sink() -> None:
    finished_run({"kind": "carrier_pigeon"}, {**STDOUT, "colour": "red"})

    (delivery,) = claim()

    assert delivery.options == {"kind": "stdout", "colour": "red"}


def test_a_failed_try_is_repeated_after_a_pause() -> None:
    finished_run()
    (delivery,) = claim()

    settle(delivery, AGAIN)

    assert claim() == []
    let_time_pass()
    (again,) = claim()
    assert (again.pk, again.attempts) == (delivery.pk, 2)
    assert stored(again).last_error == "HTTP 503"


def test_tries_end_with_the_budget_and_the_next_event_goes_on() -> None:
    finished_run({**STDOUT, "max_attempts": 2})
    for _ in range(2):
        let_time_pass()
        (delivery,) = claim()
        settle(delivery, AGAIN)

    assert (stored(delivery).state, stored(delivery).last_error) == (
        "failed",
        "HTTP 503",
    )
    assert [row.sequence for row in claim()] == [2]


def test_a_permanent_failure_is_not_repeated() -> None:
    finished_run()
    (delivery,) = claim()

    settle(delivery, NEVER)

    assert (stored(delivery).state, stored(delivery).attempts) == ("failed", 1)


def test_what_a_dead_worker_had_claimed_comes_back() -> None:
    finished_run()
    (dead,) = claim()
    let_time_pass()

    (alive,) = claim()

    assert (alive.pk, alive.attempts) == (dead.pk, 2)
    assert not dead.delivered()
    assert stored(dead).state == "pending"
    assert alive.delivered()


def test_two_workers_never_claim_the_same_delivery() -> None:
    for _ in range(4):
        queue.cancel(run_with(STDOUT).pk)

    first, second = claim(limit=3), claim(limit=3)

    assert len(first) == 3
    assert len(second) == 1
    assert {row.pk for row in first}.isdisjoint(row.pk for row in second)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_claim_passes_by_what_another_is_claiming() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    for _ in range(2):
        queue.cancel(run_with(STDOUT).pk)
    claimed: list[Delivery] = []

    def claim_elsewhere() -> None:
        claimed.extend(claim())
        connection.close()

    with transaction.atomic():
        (locked,) = Delivery.objects.due().select_for_update()[:1]
        thread = threading.Thread(target=claim_elsewhere)
        thread.start()
        thread.join(timeout=10)

    assert [row.pk for row in claimed] != []
    assert locked.pk not in {row.pk for row in claimed}


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "lost"},
        {"phase": "lost"},
        {"state": "delivered", "settled_at": None},
        {"state": "pending", "settled_at": Now()},
        {"sequence": 1},
    ],
    ids=str,
)
def test_the_database_refuses_what_cannot_be(changes: dict[str, object]) -> None:
    run = finished_run()

    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.filter(run=run).update(**changes)


def test_pauses_grow_and_a_receiver_may_ask_for_more() -> None:
    assert retry_delay(1, None) < timedelta(seconds=1)
    assert timedelta(seconds=2) <= retry_delay(4, None) <= timedelta(seconds=6)
    assert retry_delay(40, None) <= timedelta(seconds=90)
    assert retry_delay(1, 30.0) == timedelta(seconds=30)


@pytest.mark.django_db(transaction=True)
def test_the_thread_empties_the_outbox_and_outlives_a_sink_that_breaks() -> None:
    run = finished_run(STDOUT, STDOUT)
    heard: list[tuple[int, int]] = []
    everything = threading.Event()

    def send(delivery: Delivery) -> Outcome:
        heard.append((delivery.sink_index, delivery.sequence))
        if len(heard) == 6:
            everything.set()
        if delivery.sink_index == 1 and delivery.sequence == 1:
            raise RuntimeError("a sink with a fault")
        return DELIVERED

    deliverer = Deliverer(send, poll_s=0.02)
    deliverer.start()
    assert everything.wait(timeout=20)
    deliverer.stop()

    assert [sequence for sink, sequence in heard if sink == 0] == [1, 2, 3]
    assert len(outbox(run)) == 6
    states = Delivery.objects.in_order().values_list("sink_index", "state")
    assert list(states)[:2] == [(0, "delivered"), (1, "failed")]
    assert not Delivery.objects.pending().exists()
