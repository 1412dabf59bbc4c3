"""How an attempt ends that has said nothing itself."""

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


def test_a_deadline_of_an_evaluation_has_nothing_to_do_with_the_fetch() -> None:
    class Killed:
        def kill(self) -> None:
            """Be killed."""

    working = slot(error=UNREACHABLE)
    child: Any = Killed()
    working.begin(child, 0.0)
    working.stop(Verdict.DEADLINE)

    ending = working.interruption()

    assert ending is not None
    assert ending.error == "deadline_exceeded"
