from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.conversation.anything import read_anything
from evaluation.conversation.decoding import MISSING, as_count, decode
from evaluation.conversation.flattened import unflatten
from evaluation.conversation.messages import USER_ROLES, last_text
from tests.evaluation.conversation.spans import text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param('{"a": 1}', {"a": 1}, id="object"),
        pytest.param(" [1] ", [1], id="spaces"),
        pytest.param("{nope", "{nope", id="no JSON"),
        pytest.param("plain", "plain", id="plain text"),
        pytest.param("", "", id="empty"),
        pytest.param('"\\ud83d"', "\ufffd", id="unpaired surrogate"),
        pytest.param('"\\ud83d\\ude00"', "\U0001f600", id="a pair"),
        pytest.param('"\\\\ud83d"', "\\ud83d", id="an escaped backslash"),
        pytest.param('"a\nb"', '"a\nb"', id="a control character is no JSON"),
        pytest.param(
            '{"a": 12345678901234567890}', {"a": 12345678901234567890}, id="big"
        ),
        pytest.param("[" * 100_000, "[" * 100_000, id="deep"),
        pytest.param(7, 7, id="no text"),
    ],
)
def test_text_is_decoded_where_it_is_json(value: Any, expected: Any) -> None:
    assert decode(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        (7.0, 7),
        ("7", 7),
        ("7.0", 7),
        (0, 0),
        (True, None),
        (-1, None),
        ("x", None),
        ("nan", None),
        (float("inf"), None),
        (None, None),
        (MISSING, None),
        ([7], None),
    ],
)
def test_counts_are_whole_numbers_or_unknown(value: Any, expected: int | None) -> None:
    assert as_count(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("q", id="text"),
        pytest.param(text("q"), id="JSON text"),
        pytest.param({"role": "user", "content": "q"}, id="message"),
        pytest.param([{"role": "user", "content": "q"}], id="messages"),
        pytest.param([[{"role": "user", "content": "q"}]], id="batch of messages"),
        pytest.param({"messages": [{"role": "user", "content": "q"}]}, id="state"),
        pytest.param({"messages": [{"type": "human", "content": "q"}]}, id="LangChain"),
        pytest.param({"input": {"messages": ["q"]}}, id="nested"),
        pytest.param({"question": "q", "k": 3}, id="named text"),
        pytest.param({"q": "q"}, id="only text"),
        pytest.param(["q"], id="texts"),
        pytest.param({"messages": [["human", "q"]]}, id="pairs"),
    ],
)
def test_the_question_is_found_in_inputs_of_any_shape(value: Any) -> None:
    assert last_text(read_anything(value, "user"), USER_ROLES) == "q"


@pytest.mark.parametrize("value", [None, "", {}, [], "{}", "null"])
def test_nothing_is_no_question(value: Any) -> None:
    assert read_anything(value, "user") is None


def test_a_value_without_a_text_is_shown_as_json_and_marked() -> None:
    (message,) = read_anything({"a": "x", "b": "y"}, "user") or ()

    assert (message.text, message.garbled) == ('{"a": "x", "b": "y"}', True)


def test_a_wrapper_around_itself_ends() -> None:
    value: dict[str, Any] = {}
    value["messages"] = value

    assert read_anything(value, "user") is None


def test_flattened_lists_are_rebuilt_in_order() -> None:
    attributes = {
        "p.10.message.role": "tool",
        "p.2.message.content": "two",
        "p.2.message.tool_calls.1.name": "g",
        "p.2.message.tool_calls.0.name": "f",
        "other": 1,
    }

    assert unflatten(attributes, "p.") == [
        {"message": {"content": "two", "tool_calls": [{"name": "f"}, {"name": "g"}]}},
        {"message": {"role": "tool"}},
    ]


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({"p.role": "user"}, id="no index"),
        pytest.param({"p." + "9" * 5_000 + ".x": 1}, id="endless index"),
        pytest.param({}, id="nothing"),
    ],
)
def test_names_without_an_index_are_no_list(attributes: Any) -> None:
    assert unflatten(attributes, "p.") == []


@given(
    st.dictionaries(
        st.lists(st.sampled_from(["0", "1", "a", ""]), max_size=20).map(
            lambda path: "p." + ".".join(path)
        ),
        st.one_of(st.none(), st.integers(), st.just({"0": 1})),
    )
)
def test_any_names_rebuild_to_a_list(attributes: dict[str, Any]) -> None:
    assert isinstance(unflatten(attributes, "p."), list)
