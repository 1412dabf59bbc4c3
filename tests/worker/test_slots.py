"""How an attempt ends that has said nothing itself, and who has its process."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from runs.models import Run
from runs.worker.heartbeat import Verdict
from runs.worker.preparing import Preparation
from runs.worker.slots import Slot

UNREACHABLE = "the trace could not be fetched: no route to host"


def slot(**fields: Any) -> Slot:
    return Slot(Run(attempt=1, **fields), since_s=0.0, deadline_s=1.0)


class Process:
    """An evaluator process, as far as it can be killed."""

    is_killed = False

    def kill(self) -> None:
        self.is_killed = True


def at_work(process: Process, **fields: Any) -> Slot:
    child: Any = process
    working = slot(**fields)
    working.begin(child, 0.0)
    return working


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (None, "deadline_exceeded"),
        (UNREACHABLE, f"deadline_exceeded: {UNREACHABLE}"),
    ],
)
def test_a_deadline_before_the_evaluation_tells_what_kept_it_from_beginning(
    before: str | None, told: str
) -> None:
    waiting = slot(error=before)
    waiting.stop(Verdict.DEADLINE)

    ending = waiting.interruption()

    assert ending is not None
    assert (ending.error, ending.error_code) == (told, "deadline_exceeded")


def test_a_deadline_during_the_first_fetch_tells_of_it() -> None:
    fetching, fetched = slot(), threading.Event()
    fetching.preparation = Preparation(fetched.wait, lambda: None)
    fetching.stop(Verdict.DEADLINE)

    ending = fetching.interruption()
    fetched.set()

    assert ending is not None
    assert ending.error == "deadline_exceeded: the trace was still being fetched"


def test_what_was_fetched_has_not_waited_before_it_is_kept() -> None:
    fetched, is_over = slot(), threading.Event()
    fetched.preparation = Preparation(lambda: b"{}", is_over.set)
    assert is_over.wait(30)

    before = fetched.has_waited_since(0.0)
    fetched.is_prepared = True

    assert fetched.is_waiting
    assert (before, fetched.has_waited_since(0.0)) == (False, True)


def test_a_deadline_of_an_evaluation_has_nothing_to_do_with_the_fetch() -> None:
    working = at_work(Process(), error=UNREACHABLE)
    working.stop(Verdict.DEADLINE)

    ending = working.interruption()

    assert ending is not None
    assert ending.error == "deadline_exceeded"


def test_a_process_that_was_given_away_is_not_killed() -> None:
    process = Process()
    done = at_work(process)

    assert done.part() is process
    done.stop(Verdict.CANCELLED)

    assert not process.is_killed


def test_a_process_that_was_told_to_stop_is_not_given_away() -> None:
    process = Process()
    stopped = at_work(process)

    stopped.stop(Verdict.CANCELLED)

    assert stopped.part() is None
    assert process.is_killed
