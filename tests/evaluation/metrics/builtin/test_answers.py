from __future__ import annotations

import msgspec
import pytest

from evaluation.metrics.builtin.json_match import GoldenAnswerError
from evaluation.values import JSON
from tests.evaluation.building import golden, measure, turn


@pytest.mark.parametrize(
    ("expected", "actual", "score"),
    [
        ("You rolled 4", "you ROLLED 4!", 1.0),
        ("You rolled 4", "", 0.0),
        ("", "You rolled 4", 0.0),
        ("", "", 0.0),
        ("👍", "👍", 0.0),
        ("👍", "👎", 0.0),
        (None, None, 0.0),
    ],
)
def test_answers_share_words(
    expected: str | None, actual: str | None, score: float
) -> None:
    measured = measure(
        "response_match_score", [turn(answer=actual)], [golden(answer=expected)]
    )

    assert measured.score == score


def test_the_words_behind_a_response_score_are_told() -> None:
    measured = measure(
        "response_match_score", [turn(answer="red blue")], [golden(answer="red green")]
    )

    told = measured.explanation["turns"][0]
    assert told["precision"] == told["recall"] == 0.5
    assert told["matched_tokens"] == ["red"]
    assert told["missing_tokens"] == ["green"]
    assert told["unexpected_tokens"] == ["blue"]


@pytest.mark.parametrize(
    ("expected", "actual", "options", "score"),
    [
        ("Yes.", "Yes.", {}, 1.0),
        ("Yes.", " Yes.\n", {}, 1.0),
        ("a b", "a  b", {"ignore_white_space": False}, 0.0),
        ("Yes.", "yes.", {}, 0.0),
        ("Straße", "STRASSE", {"ignore_case": True}, 1.0),
        ("Yes.", None, {}, 0.0),
        (None, "Yes.", {}, None),
    ],
)
def test_answers_are_equal_or_not(
    expected: str | None, actual: str | None, options: JSON, score: float | None
) -> None:
    measured = measure(
        "exact_match", [turn(answer=actual)], [golden(answer=expected)], **options
    )

    assert measured.score == score


def test_the_place_of_the_first_difference_is_told() -> None:
    measured = measure("exact_match", [turn(answer="abcd")], [golden(answer="abXd")])

    assert measured.explanation["turns"][0]["first_difference_at"] == 2


@pytest.mark.parametrize(
    ("answers", "options", "score", "by_turn"),
    [
        (["red and blue"], {}, 1.0, [1.0]),
        (["red"], {}, 0.5, [0.5]),
        (["red", "blue"], {}, 1.0, [0.5, 0.5]),
        (["RED"], {}, 0.0, [0.0]),
        (["RED"], {"ignore_case": True}, 0.5, [0.5]),
        ([None], {}, None, [None]),
        (["red", None], {}, 0.5, [0.5, None]),
    ],
)
def test_answers_contain_texts(
    answers: list[str | None], options: JSON, score: float | None, by_turn: JSON
) -> None:
    measured = measure(
        "contains", [turn(answer=a) for a in answers], texts=["red", "blue"], **options
    )

    assert measured.score == score
    assert measured.per_invocation == by_turn


@pytest.mark.parametrize(
    ("expected", "actual", "options", "score"),
    [
        ('{"a": 1}', '{"a": 1.0}', {}, 1.0),
        ('{"a": 1}', '{"a": true}', {}, 0.0),
        ('{"a": 1}', 'Here:\n```json\n{"a": 1}\n```', {}, 1.0),
        ('{"a": 1}', "no json", {}, 0.0),
        ('{"a": 1}', None, {}, 0.0),
        ('{"a": 1}', '{"a": 1, "b": 2}', {}, 0.0),
        ('{"a": 1}', '{"a": 1, "b": 2}', {"arguments": "subset"}, 1.0),
        ("[1, 2]", "[1, 2]", {}, 1.0),
        ("3", "3.0005", {"numeric_tolerance": 0.001}, 1.0),
        ('{"a": 1, "t": 5}', '{"a": 1}', {"ignored_argument_fields": ["t"]}, 1.0),
        ('{"a": 1}', "[" * 50_000, {}, 0.0),
        (None, "{}", {}, None),
        ('{"a": 1}', "[]", {"arguments": "ignore"}, 1.0),
    ],
    ids=range(13),
)
def test_answers_are_the_same_json_or_not(
    expected: str | None, actual: str | None, options: JSON, score: float | None
) -> None:
    measured = measure(
        "json_match", [turn(answer=actual)], [golden(answer=expected)], **options
    )

    assert measured.score == score


def test_half_a_surrogate_pair_in_an_answer_can_be_told() -> None:
    measured = measure(
        "json_match", [turn(answer='["\\ud83d"]')], [golden(answer='["x"]')]
    )

    assert "\ufffd" in msgspec.json.encode(measured.explanation).decode()


def test_a_golden_answer_that_is_no_json_is_an_error_not_a_zero() -> None:
    with pytest.raises(GoldenAnswerError, match="is not JSON"):
        measure("json_match", [turn(answer="{}")], [golden(answer="oops")])
