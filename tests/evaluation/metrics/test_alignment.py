from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics.alignment import align
from tests.evaluation.building import golden, turn

TEXTS = st.lists(st.sampled_from(["", "a", "b", "c"]), max_size=6)


def test_equal_counts_align_by_index_whatever_the_texts() -> None:
    alignment = align([turn("a"), turn("b")], [golden("b"), golden("a")])

    assert alignment.pairs == ((0, 0), (1, 1))
    assert alignment.by == "index"


def test_a_turn_that_was_never_taken_is_found_by_the_user_texts() -> None:
    alignment = align(
        [turn("one"), turn(" Three")], [golden(t) for t in ("One", "two", "three")]
    )

    assert alignment.pairs == ((0, 0), (1, 2))
    assert alignment.missing == (1,)
    assert alignment.by == "user_text"


def test_a_turn_that_nobody_expected_is_found_by_the_user_texts() -> None:
    alignment = align(
        [turn(t) for t in ("one", "extra", "two")], [golden("one"), golden("two")]
    )

    assert alignment.pairs == ((0, 0), (1, None), (2, 1))
    assert alignment.unexpected == (1,)


def test_texts_that_do_not_fit_leave_the_index() -> None:
    alignment = align([turn("x")], [golden("a"), golden("b")])

    assert alignment.pairs == ((0, 0),)
    assert alignment.missing == (1,)
    assert alignment.explain() == {
        "aligned_by": "index",
        "missing_turns": [1],
        "unexpected_turns": [],
    }


@given(spoken=TEXTS, asked=TEXTS)
def test_every_turn_is_paired_missing_or_unexpected(
    spoken: list[str], asked: list[str]
) -> None:
    alignment = align([turn(t) for t in spoken], [golden(t) for t in asked])

    partners = [j for _, j in alignment.pairs if j is not None]
    assert [i for i, _ in alignment.pairs] == list(range(len(spoken)))
    assert sorted([*partners, *alignment.missing]) == list(range(len(asked)))
    assert partners == sorted(partners)
    assert len(partners) == min(len(spoken), len(asked))
