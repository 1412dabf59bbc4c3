"""How many runs are claimed before a process is free, and what becomes of them."""

from __future__ import annotations

import signal

import pytest

from runs.models import EventKind, Run, RunEvent
from runs.wakeups import announce_work
from runs.worker.pace import AHEAD_PER_PROCESS, Pace
from tests.runs.building import make_run
from tests.worker.conftest import Starter
from tests.worker.supervising import WorkerProcess, has_status, wait_until

durable = [
    pytest.mark.durable,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(120),
]


def pace_of(*durations_s: float) -> Pace:
    pace = Pace()
    for duration_s in durations_s:
        pace.note(duration_s)
    return pace


def test_nothing_is_claimed_ahead_while_nothing_is_known() -> None:
    assert Pace().ahead(4) == 0


def test_short_runs_are_claimed_ahead_within_bounds() -> None:
    assert pace_of(0.0).ahead(4) == pace_of(0.002).ahead(4) == 4 * AHEAD_PER_PROCESS


def test_the_longer_runs_take_the_fewer_are_claimed_ahead() -> None:
    found = [pace_of(each).ahead(4) for each in (0.03, 0.06, 0.11, 0.5, 60.0)]

    assert found == [13, 6, 3, 0, 0]


def test_who_waited_in_vain_is_not_claimed_again_by_however_many_processes() -> None:
    waited_in_vain = [1.0] * 4

    assert pace_of(*[0.002] * 50, *waited_in_vain).ahead(100) == 0


def test_one_long_run_ends_it_and_short_ones_bring_it_back() -> None:
    slowed = [0.002] * 50 + [10.0]

    assert pace_of(*slowed).ahead(4) == 0
    assert pace_of(*slowed, *[0.002] * 50).ahead(4) == 4 * AHEAD_PER_PROCESS


def slowed_worker(start: Starter) -> tuple[WorkerProcess, list[Run]]:
    """Return a worker that has found runs short, and has long ones in hand now."""
    worker = start("slowing")
    runs = [make_run() for _ in range(20)]
    for run in runs:
        wait_until(has_status(run, "succeeded"), "a short run succeeded")
    worker.slow_down()
    runs = [make_run() for _ in range(3)]
    announce_work()
    wait_until(lambda: Run.objects.running().exists(), "a long one was claimed")
    return worker, runs


@pytest.mark.usefixtures("guarded")
class TestWhatWasClaimedAhead:
    """Of a process that then stays busy."""

    pytestmark = durable

    def test_goes_back_when_it_waits_in_vain(self, start: Starter) -> None:
        worker, runs = slowed_worker(start)

        wait_until(lambda: released() > 0, "what waited was given back")
        wait_until(lambda: Run.objects.running().count() == 1, "one is worked on")
        assert Run.objects.unfinished().count() == 3

        worker.open_gate()
        for run in runs:
            wait_until(has_status(run, "succeeded"), "all succeeded")

    def test_goes_back_at_once_when_the_worker_drains(self, start: Starter) -> None:
        worker, _ = slowed_worker(start)
        worker.send(signal.SIGTERM)

        wait_until(lambda: Run.objects.running().count() == 1, "one is worked on")

        worker.open_gate()
        assert worker.wait() == 0
        assert Run.objects.unfinished().count() == 2


def released() -> int:
    return RunEvent.objects.filter(kind=EventKind.RELEASED).count()
