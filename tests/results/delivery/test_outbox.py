"""What a sink is told is written with what it tells, or not at all."""

from __future__ import annotations

import pytest
from django.db import transaction

from results.models import Delivery, Result
from runs import queue
from runs.models import Run
from tests.results.delivery.building import (
    STDOUT,
    done,
    names,
    outbox,
    record,
    run_with,
    unit,
)
from tests.runs.building import (
    claim_one,
    let_deadline_pass,
    let_lease_expire,
    make_run,
)

pytestmark = [pytest.mark.durable, pytest.mark.django_db]


def payloads(run: Run) -> list[dict[str, object]]:
    return list(
        Delivery.objects.filter(run=run).in_order().values_list("payload", flat=True)
    )


def test_every_result_is_told_once_and_the_end_comes_last() -> None:
    run_with(STDOUT)
    run = claim_one()

    record(run, unit("first"))
    record(run, unit("second"), unit("third"))
    record(run, unit("fourth"), done())

    assert outbox(run) == [
        (1, "partial", 0),
        (2, "partial", 0),
        (3, "partial", 0),
        (4, "final", 0),
    ]
    told = [names(payload["results"]) for payload in payloads(run)[:3]]
    assert sorted(told[1]) == ["second", "third"]
    assert (told[0], told[2]) == (["first"], ["fourth"])
    assert payloads(run)[3]["summary"]["trace_count"] == 1


def test_a_result_is_told_as_the_api_shows_it() -> None:
    run_with(STDOUT)
    run = claim_one()

    record(run, unit("first", score=0.5))

    (result,) = payloads(run)[0]["results"]
    assert result["runId"] == str(run.pk)
    assert result["resultId"] == Result.objects.get().pk
    assert (result["score"], result["status"]) == (0.5, "passed")
    assert result["createdAt"].endswith("Z")


def test_what_is_written_again_is_not_told_again() -> None:
    run_with(STDOUT)
    run = claim_one()
    record(run, unit("first"))

    record(run, unit("first"), unit("second"))

    assert [names(payload["results"]) for payload in payloads(run)] == [
        ["first"],
        ["second"],
    ]


def test_a_later_attempt_tells_its_own_results() -> None:
    run_with(STDOUT)
    run = claim_one()
    record(run, unit("first"))
    let_lease_expire(run)
    queue.sweep()

    again = claim_one("worker-b")
    record(again, unit("first"), done())

    rows = Delivery.objects.filter(run=run).in_order()
    assert [(row.phase, row.run_attempt) for row in rows] == [
        ("partial", 1),
        ("partial", 2),
        ("final", 2),
    ]


def test_every_sink_hears_of_every_event_under_the_same_number() -> None:
    run_with(STDOUT, {"kind": "carrier_pigeon"}, STDOUT)
    run = claim_one()

    record(run, unit("first"), done())

    assert outbox(run) == [
        (1, "partial", 0),
        (1, "partial", 2),
        (2, "final", 0),
        (2, "final", 2),
    ]


def test_a_run_without_sinks_tells_nobody() -> None:
    make_run()
    run = claim_one()

    record(run, unit("first"), done())

    assert not Delivery.objects.exists()


def test_a_failure_is_told_as_an_error() -> None:
    run_with(STDOUT)
    run = claim_one()

    record(run, done(error="no traces", error_code="unusable"))

    assert outbox(run) == [(1, "error", 0)]
    assert payloads(run) == [{"error": "no traces"}]


def test_an_attempt_that_is_tried_again_tells_nothing_yet() -> None:
    run_with(STDOUT)
    run = claim_one()

    record(run, done(error="503", error_code="unavailable", transient=True))

    assert outbox(run) == []


def test_cancelling_a_queued_run_is_told() -> None:
    run = run_with(STDOUT)

    queue.cancel(run.pk)

    assert outbox(run) == [(1, "error", 0)]
    assert payloads(run) == [{"error": "cancelled by request"}]


def test_cancelling_twice_is_told_once() -> None:
    run = run_with(STDOUT)
    queue.cancel(run.pk)

    queue.cancel(run.pk)

    assert len(outbox(run)) == 1


def test_a_run_that_a_sweep_closes_is_told() -> None:
    lost, overdue = run_with(STDOUT, max_attempts=1), run_with(STDOUT)
    let_lease_expire(claim_one("dead"))
    let_deadline_pass(overdue)

    queue.sweep()

    assert "worker dead was lost" in str(payloads(lost)[0]["error"])
    assert payloads(overdue) == [{"error": "deadline_exceeded"}]


def test_what_is_rolled_back_is_not_told() -> None:
    run = run_with(STDOUT)

    class UndoError(Exception):
        """The transaction fails after the event."""

    def cancel_and_fail() -> None:
        with transaction.atomic():
            queue.cancel(run.pk)
            raise UndoError

    with pytest.raises(UndoError):
        cancel_and_fail()

    assert outbox(run) == []


def test_a_stale_worker_tells_nothing() -> None:
    run_with(STDOUT)
    stale = claim_one("worker-a")
    let_lease_expire(stale)
    queue.sweep()
    claim_one("worker-b")

    with queue.holding([stale.lease]) as held:
        assert held == {}

    assert outbox(stale) == []


def test_deleting_a_run_deletes_its_outbox() -> None:
    run = run_with(STDOUT)
    queue.cancel(run.pk)

    Run.objects.get(pk=run.pk).delete()

    assert not Delivery.objects.exists()
