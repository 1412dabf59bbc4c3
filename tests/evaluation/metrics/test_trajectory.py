from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from evaluation.conversation.model import ToolCall
from evaluation.metrics.arguments import ArgumentRule
from evaluation.metrics.trajectory import (
    agree,
    explain_pairing,
    in_any_order,
    in_order,
    position_by_position,
)
from tests.evaluation.building import call, calls

EXACT = ArgumentRule()
SUBSET = ArgumentRule(mode="subset")
ARGUMENTS = st.dictionaries(st.sampled_from("xy"), st.integers(0, 1), max_size=2)
CALLS = st.lists(st.builds(call, st.sampled_from("ab"), ARGUMENTS), max_size=4)


def test_calls_are_paired_at_the_same_position() -> None:
    pairing = position_by_position(calls("a b c"), calls("a x c d"), EXACT)

    assert pairing.pairs == ((0, 0), (2, 2))
    assert pairing.missing == [1]
    assert pairing.surplus == [1, 3]


def test_calls_are_found_in_order_among_others() -> None:
    pairing = in_order(calls("a b"), calls("x a x b a"), EXACT)

    assert pairing.pairs == ((0, 1), (1, 3))
    assert pairing.missing == []


def test_an_expected_call_takes_one_call_only() -> None:
    pairing = in_any_order(calls("a a b"), calls("b a"), EXACT)

    assert pairing.missing == [1]
    assert pairing.surplus == []


def test_a_call_that_many_fit_leaves_the_only_fit_to_another() -> None:
    expected = (call("a", {}), call("a", {"x": 1}))
    actual = (call("a", {"x": 1}), call("a", {"y": 2}))

    pairing = in_any_order(expected, actual, SUBSET)

    assert pairing.missing == []


def test_the_explanation_names_calls_and_the_first_differing_argument() -> None:
    expected, actual = (call("a", {"x": 1, "y": 2}),), (call("a", {"x": 1, "y": 3}),)
    pairing = in_any_order(expected, actual, EXACT)

    told = explain_pairing(expected, actual, pairing, EXACT)

    assert told["missing_calls"] == ["a"]
    assert told["unexpected_calls"] == ["a"]
    assert told["first_difference"] == {
        "tool": "a",
        "expected_call": 0,
        "actual_call": 0,
        "path": "args.y",
        "problem": "different",
        "expected": 2,
        "actual": 3,
    }


def test_swapped_equal_calls_differ_by_order() -> None:
    expected, actual = calls("a b"), calls("b a")
    pairing = position_by_position(expected, actual, EXACT)

    told = explain_pairing(expected, actual, pairing, EXACT)

    assert told["first_difference"]["problem"] == "order"


@given(expected=CALLS, actual=CALLS)
def test_any_order_pairs_as_many_calls_as_the_best_of_all_assignments(
    expected: list[ToolCall], actual: list[ToolCall]
) -> None:
    for rule in (EXACT, SUBSET):
        pairing = in_any_order(expected, actual, rule)

        assert len(pairing.pairs) == _best(expected, actual, rule)
        assert all(agree(expected[i], actual[j], rule) for i, j in pairing.pairs)
        assert len({j for _, j in pairing.pairs}) == len(pairing.pairs)


@given(expected=CALLS, actual=CALLS)
def test_stricter_matches_imply_looser_ones(
    expected: list[ToolCall], actual: list[ToolCall]
) -> None:
    exact = position_by_position(expected, actual, EXACT)
    ordered = in_order(expected, actual, EXACT)
    unordered = in_any_order(expected, actual, EXACT)

    if not exact.missing and not exact.surplus:
        assert not ordered.missing
    if not ordered.missing:
        assert not unordered.missing


def _best(expected: list[ToolCall], actual: list[ToolCall], rule: ArgumentRule) -> int:
    """Try every assignment, which is right and slow."""
    padded = [*range(len(actual)), *[-1] * len(expected)]
    return max(
        sum(
            j >= 0 and agree(wanted, actual[j], rule)
            for wanted, j in zip(expected, chosen, strict=True)
        )
        for chosen in itertools.permutations(padded, len(expected))
    )
