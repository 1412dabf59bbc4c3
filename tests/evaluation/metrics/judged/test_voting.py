from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics.judged.voting import majority, needed, next_wave

VOTES = st.lists(st.sampled_from([0.0, 1.0, None]), max_size=15)


@given(VOTES)
def test_stopping_when_decided_gives_the_majority_of_all(
    votes: list[float | None],
) -> None:
    ballots = [None if vote is None else {"": vote} for vote in votes]
    cast = [vote for vote in votes if vote is not None]

    seen = 0
    while wave := next_wave(ballots[:seen], [""], len(ballots) - seen):
        seen += wave

    early = [vote for vote in votes[:seen] if vote is not None]
    assert majority(early) == majority(cast)
    assert seen <= len(ballots)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_fewer_than_needed_cannot_decide(yes: int, no: int, left: int) -> None:
    few = needed(yes, no, left) - 1

    for more in range(few):
        rest = left - more
        assert needed(yes + more, no, rest) > 0
        assert needed(yes, no + more, rest) > 0


def test_three_of_five_are_enough() -> None:
    assert next_wave([], [""], 5) == 3
    assert next_wave([{"": 1.0}] * 3, [""], 2) == 0
    assert next_wave([{"": 1.0}, {"": 1.0}, {"": 0.0}], [""], 2) == 1


def test_a_tie_is_no() -> None:
    assert majority([1.0, 0.0]) == 0.0
