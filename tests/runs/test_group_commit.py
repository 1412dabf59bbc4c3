"""Work of many threads is done together, and nobody pays for another's fault."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError

from runs.group_commit import MAX_GROUP, GroupCommit


class Gated:
    """Work whose first group waits for a gate; odd numbers cannot be done."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun, self.gate = threading.Event(), threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        self.begun.set()
        self.gate.wait(timeout=20)
        if any(item % 2 for item in items):
            raise ValueError(f"odd: {items}")
        return [item * 10 for item in items]


def all_at_once(work: Gated, items: Sequence[int]) -> list[int | Exception]:
    """Do the first item alone and the others while it is under way."""
    group = GroupCommit(work)

    def outcome(item: int) -> int | Exception:
        try:
            return group.do(item)
        except ValueError as error:
            return error

    with ThreadPoolExecutor(len(items)) as pool:
        first = pool.submit(outcome, items[0])
        assert work.begun.wait(timeout=20)
        others = [pool.submit(outcome, item) for item in items[1:]]
        while len(group._waiting) < len(others):
            threading.Event().wait(0.001)
        work.gate.set()
        return [future.result(timeout=20) for future in (first, *others)]


def test_one_alone_is_done_at_once() -> None:
    work = Gated()
    work.gate.set()

    assert GroupCommit(work).do(2) == 20

    assert work.groups == [[2]]


def test_those_who_come_meanwhile_share_a_group() -> None:
    work = Gated()

    outcomes = all_at_once(work, [2, 4, 6, 8])

    assert outcomes == [20, 40, 60, 80]
    assert [len(group) for group in work.groups] == [1, 3]


def test_nobody_fails_through_another() -> None:
    work = Gated()

    outcomes = all_at_once(work, [2, 4, 5, 6])

    assert [o for o in outcomes if isinstance(o, int)] == [20, 40, 60]
    (failed,) = [o for o in outcomes if isinstance(o, ValueError)]
    assert str(failed) == "odd: [5]"


def test_a_group_is_bounded() -> None:
    work = Gated()

    outcomes = all_at_once(work, [2 * i for i in range(MAX_GROUP + 6)])

    assert outcomes == [20 * i for i in range(MAX_GROUP + 6)]
    assert [len(group) for group in work.groups] == [1, MAX_GROUP, 5]


def test_a_database_that_is_away_is_asked_once() -> None:
    asked: list[Sequence[int]] = []

    def away(items: Sequence[int]) -> list[int]:
        asked.append(items)
        raise OperationalError("away")

    with pytest.raises(OperationalError):
        GroupCommit(away).do(1)

    assert asked == [[1]]
