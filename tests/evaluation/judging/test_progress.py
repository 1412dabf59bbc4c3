"""How often the answers of judges are told of."""

from __future__ import annotations

import pytest

from evaluation.judging.progress import Judging, JudgingTeller


def told(*, seconds: int, per_second: int = 10) -> list[Judging]:
    """Return what is told of answers that come evenly for a while."""
    clock = [0.0]
    found: list[Judging] = []
    teller = JudgingTeller(lambda: clock[0], found.append)
    for i in range(1, seconds * per_second + 1):
        clock[0] = i / per_second
        teller.heard("t1", "tone")
    return found


def test_what_is_over_at_once_is_not_told_of() -> None:
    clock = [0.0]
    found: list[Judging] = []
    teller = JudgingTeller(lambda: clock[0], found.append)

    for clock[0] in (0.1, 0.5, 0.99):
        teller.heard("t1", "tone")

    assert found == []


def test_each_second_the_count_is_told_with_the_unit() -> None:
    found = told(seconds=5)

    assert [each.answers for each in found] == [10, 20, 30, 40, 50]
    assert found[0] == Judging(answers=10, trace_id="t1", evaluator_name="tone")


@pytest.mark.parametrize(("seconds", "most"), [(60, 45), (300, 80), (3600, 130)])
def test_a_long_run_is_told_of_less_often(seconds: int, most: int) -> None:
    assert most / 2 < len(told(seconds=seconds, per_second=2)) <= most
