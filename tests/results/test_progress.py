"""What is found while a run works is in its event log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evaluation.framing import Frame
from results.recording import UNITS_AN_EVENT, EvaluationExecutor
from runs import queue
from runs.models import EventKind, Run, RunEvent
from tests.results.delivery.building import done, judging, record, unit
from tests.results.executing import log
from tests.runs.building import claim_one, event_kinds, fresh, make_run

pytestmark = [pytest.mark.durable, pytest.mark.django_db]


@pytest.fixture
def run() -> Run:
    make_run()
    return claim_one()


def found(run: Run) -> list[list[str]]:
    """Return the units that each progress event of the run names."""
    events = run.events.filter(kind=EventKind.PROGRESS).order_by("seq")
    return [
        [unit["evaluator_name"] for unit in event.payload["results"]]
        for event in events
    ]


def test_each_flush_of_results_is_one_event(run: Run) -> None:
    record(run, unit("a"), unit("b"))
    record(run, unit("c"))

    assert found(run) == [["a", "b"], ["c"]]
    assert event_kinds(run) == ["queued", "claimed", "progress", "progress"]
    assert fresh(run).event_seq == 4


def test_results_that_come_with_the_end_are_noted_before_it(run: Run) -> None:
    record(run, unit("a"), done())

    assert event_kinds(run)[2:] == ["progress", "succeeded"]
    assert fresh(run).event_seq == 4


def test_a_unit_is_noted_with_its_score_and_status(run: Run) -> None:
    record(run, unit("a", score=0.25))

    event = RunEvent.objects.get(run=run, kind=EventKind.PROGRESS)
    assert event.payload == {
        "attempt": 1,
        "results": [
            {
                "result_id": run.results.get().result_id,
                "trace_id": "t1",
                "evaluator_name": "a",
                "status": "passed",
                "score": 0.25,
                "error_code": None,
            }
        ],
    }


def test_answers_of_judges_are_noted_once_a_flush(run: Run) -> None:
    record(run, judging(3), judging(7, "to\0ne"))

    event = RunEvent.objects.get(run=run, kind=EventKind.PROGRESS)
    assert event.payload == {
        "attempt": 1,
        "results": [],
        "judging": {"answers": 7, "trace_id": "t1", "evaluator_name": "to\ufffdne"},
    }


@pytest.mark.parametrize("better", [unit("a"), done()], ids=["a result", "the end"])
def test_answers_of_judges_are_not_noted_beside_what_says_more(
    run: Run, better: Frame
) -> None:
    record(run, judging(3), better)

    events = run.events.filter(kind=EventKind.PROGRESS)
    assert not any("judging" in event.payload for event in events)
    assert fresh(run).event_seq == 3


def test_what_may_have_been_saved_before_is_noted_once(run: Run) -> None:
    record(run, unit("a"))

    with queue.holding([run.lease]) as held:
        frames = {held[run.lease]: [unit("a"), unit("b")]}
        log(EvaluationExecutor().record(frames, again=True))

    assert found(run) == [["a"], ["b"]]


def test_an_event_stays_small_however_much_was_found(run: Run) -> None:
    many = [unit(f"m{n}") for n in range(UNITS_AN_EVENT + 1)]

    record(run, *many)

    assert [len(units) for units in found(run)] == [UNITS_AN_EVENT, 1]


def test_progress_adds_no_statement_to_a_short_run_that_another_shares(
    run: Run, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    make_run()
    other = claim_one()
    frames: list[Frame] = [unit("a"), done()]

    with (
        django_assert_max_num_queries(12),
        queue.holding([run.lease, other.lease]) as held,
    ):
        log(EvaluationExecutor().record(dict.fromkeys(held.values(), frames)))
