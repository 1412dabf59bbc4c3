from __future__ import annotations

import pytest

from evaluation.conversation.model import ToolCall
from tests.evaluation.building import call, calls, measure, turn

FAILED = ToolCall(name="b", args={}, error="")


def test_the_error_rate_is_failed_calls_by_all_calls() -> None:
    measured = measure(
        "tool_error_rate",
        [turn(tools=[*calls("a a"), FAILED]), turn(tools="a"), turn()],
    )

    assert measured.score == 1 / 4
    assert measured.per_invocation == [1 / 3, 0.0, None]
    assert measured.explanation["errors"] == [{"tool": "b", "error": ""}]


def test_without_calls_there_is_no_error_rate() -> None:
    assert measure("tool_error_rate", [turn()]).score is None


def test_a_forbidden_call_costs_its_turn() -> None:
    measured = measure(
        "forbidden_tools", [turn(tools="a drop"), turn(tools="a")], tools=["drop"]
    )

    assert measured.score == 0.5
    assert measured.per_invocation == [0.0, 1.0]
    assert measured.explanation["turns"][0]["forbidden_calls"] == ["drop"]


def test_required_tools_may_be_called_in_any_turn() -> None:
    measured = measure(
        "required_tools",
        [turn(tools="a"), turn(tools="b b")],
        tools=["a", "b", "c", "d"],
    )

    assert measured.score == 0.5
    assert measured.per_invocation == [0.25, 0.25]
    assert measured.explanation["missing_tools"] == ["c", "d"]


@pytest.mark.parametrize(
    ("tools", "options", "score"),
    [
        ("a a", {}, 1.0),
        ("a a a", {}, 0.0),
        ("x a a a y", {}, 0.0),
        ("a a a", {"max_repeats": 3}, 1.0),
        ("a b a b", {}, 1.0),
        ("a b a b a b", {}, 0.0),
        ("a b a b a c", {}, 1.0),
        ("", {}, 1.0),
    ],
)
def test_calls_in_a_loop_are_found(
    tools: str, options: dict[str, int], score: float
) -> None:
    assert measure("loop_detection", [turn(tools=tools)], **options).score == score


def test_a_loop_is_named_with_its_first_call() -> None:
    measured = measure("loop_detection", [turn(tools="x a b a b a b")])

    told = measured.explanation["turns"][0]
    assert told["loop"] == ["a", "b"]
    assert told["first_call"] == 1


@pytest.mark.parametrize(
    "arguments", [[{"page": 1}, {"page": 2}, {"page": 3}], [None, None, None]], ids=str
)
def test_calls_with_other_or_unknown_arguments_are_no_loop(arguments: list) -> None:  # type: ignore[type-arg]
    tools = [call("a", args) for args in arguments]

    assert measure("loop_detection", [turn(tools=tools)]).score == 1.0
