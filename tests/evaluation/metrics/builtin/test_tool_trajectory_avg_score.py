from __future__ import annotations

import pytest

from tests.evaluation.building import call, golden, measure, turn

METRIC = "tool_trajectory_avg_score"


@pytest.mark.parametrize(
    ("match_type", "expected", "actual", "score"),
    [
        ("EXACT", "a b", "a b", 1.0),
        ("EXACT", "a b", "b a", 0.0),
        ("EXACT", "a", "a a", 0.0),
        ("EXACT", "a a", "a", 0.0),
        ("EXACT", "", "", 1.0),
        ("EXACT", "", "a", 0.0),
        ("IN_ORDER", "a b", "x a x b x", 1.0),
        ("IN_ORDER", "a b", "b a", 0.0),
        ("IN_ORDER", "", "a", 1.0),
        ("IN_ORDER", "a", "", 0.0),
        ("ANY_ORDER", "a b", "b x a", 1.0),
        ("ANY_ORDER", "a a", "a", 0.0),
        ("ANY_ORDER", "", "a", 1.0),
    ],
)
def test_a_turn_matches_or_not(
    match_type: str, expected: str, actual: str, score: float
) -> None:
    measured = measure(
        METRIC,
        [turn(tools=actual)],
        [golden(tools=expected)],
        trajectory_match_type=match_type,
    )

    assert measured.score == score


def test_true_in_the_arguments_is_not_1() -> None:
    measured = measure(
        METRIC,
        [turn(tools=[call("a", {"x": 1})])],
        [golden(tools=[call("a", {"x": True})])],
    )

    assert measured.score == 0.0
    assert measured.explanation["turns"][0]["first_difference"]["path"] == "args.x"


def test_details_show_both_sides_of_every_turn() -> None:
    measured = measure(
        METRIC,
        [turn(tools=[call("a", None)], invocation_id="i1")],
        [golden(tools=[call("a", None)])],
    )

    assert measured.details == {
        "comparisons": [
            {
                "invocation_id": "i1",
                "expected": [{"name": "a", "args": None}],
                "actual": [{"name": "a", "args": {}}],
                "matched": False,
            }
        ]
    }


def test_a_missing_turn_counts_against_the_score() -> None:
    measured = measure(
        METRIC,
        [turn("one", tools="a")],
        [golden("one", tools="a"), golden("two", tools="b")],
    )

    assert measured.score == 0.5
    assert measured.per_invocation == [1.0]
    assert measured.explanation["missing_turns"] == [1]


def test_an_unexpected_turn_counts_against_the_score() -> None:
    measured = measure(
        METRIC, [turn("one", tools="a"), turn("more")], [golden("one", tools="a")]
    )

    assert measured.score == 0.5
    assert measured.per_invocation == [1.0, 0.0]
    assert measured.explanation["unexpected_turns"] == [1]
    assert measured.details is not None
    assert measured.details["comparisons"][1]["matched"] is False


def test_argument_options_apply() -> None:
    measured = measure(
        METRIC,
        [turn(tools=[call("a", {"x": 1, "request_id": "7"})])],
        [golden(tools=[call("a", {"x": 1})])],
        ignored_argument_fields=["request_id"],
    )

    assert measured.score == 1.0
