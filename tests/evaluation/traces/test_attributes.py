"""Attributes: real values, nothing lost, bad ones noted."""

from __future__ import annotations

from typing import Any

import pytest

from evaluation.traces.attributes import (
    MAX_VALUE_DEPTH,
    decode_attributes,
    decode_value,
)


def pair(value: Any, key: str = "k") -> dict[str, Any]:
    return {"key": key, "value": value}


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ({"stringValue": "x"}, "x"),
        ({"intValue": "42"}, 42),
        ({"int_value": 7}, 7),
        ({"doubleValue": "2.5"}, 2.5),
        ({"boolValue": False}, False),
        ({"bytesValue": "AQI="}, "AQI="),
        ({"stringValue": "s", "intValue": "9"}, "s"),
        (
            {"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}]}},
            ["a", 1],
        ),
        ({"kvlistValue": {"values": [pair({"boolValue": True})]}}, {"k": True}),
        ({"arrayValue": {}}, []),
        (5, 5),
        ("bare", "bare"),
    ],
)
def test_values_are_decoded_to_what_they_mean(raw: Any, value: Any) -> None:
    assert decode_attributes([pair(raw)]) == {"k": value}


@pytest.mark.parametrize("item", [pair({}), pair(None), {"key": "k"}])
def test_empty_values_are_left_out_silently(item: dict[str, Any]) -> None:
    notes: list[tuple[str, str]] = []

    decoded = decode_attributes([item], lambda *note: notes.append(note))

    assert decoded == {}
    assert notes == []


@pytest.mark.parametrize(
    "item",
    [
        pair({"intValue": "1.5"}),
        pair({"intValue": ""}),
        pair({"doubleValue": "x"}),
        pair({"whatValue": 1}),
        7,
    ],
)
def test_a_bad_attribute_costs_itself_and_is_noted(item: Any) -> None:
    notes: list[tuple[str, str]] = []

    decoded = decode_attributes(
        [pair(1, "first"), item], lambda *note: notes.append(note)
    )

    assert decoded == {"first": 1}
    assert [path for path, _ in notes] == ["[1]"]


def test_a_bad_item_of_an_array_leaves_the_others() -> None:
    items = {"values": [{"intValue": "x"}, {"intValue": "2"}]}

    assert decode_attributes([pair({"arrayValue": items})]) == {"k": [None, 2]}


def test_a_repeated_key_keeps_the_last_value() -> None:
    assert decode_attributes([pair(1), pair(2)]) == {"k": 2}


def test_a_missing_key_is_the_empty_name() -> None:
    assert decode_attributes([{"value": {"stringValue": "x"}}]) == {"": "x"}


def test_nested_objects_stand_whole_and_under_dotted_names() -> None:
    raw = {"gen_ai": {"tool": {"call": {"arguments": {"city": "Oslo"}}}, "n": 1}}

    decoded = decode_attributes(raw)

    assert decoded["gen_ai.tool.call.arguments"] == {"city": "Oslo"}
    assert decoded["gen_ai.tool.call.arguments.city"] == "Oslo"
    assert decoded["gen_ai.n"] == 1


def test_an_object_under_a_dotted_name_and_an_empty_one_survive() -> None:
    raw = {"gen_ai.tool.call.arguments": {}, "a.b": {"c": None}, "x": {"y": [{"z": 2}]}}

    decoded = decode_attributes(raw)

    assert decoded["gen_ai.tool.call.arguments"] == {}
    assert decoded["a.b.c"] is None
    assert decoded["x.y"] == [{"z": 2}]


def test_an_object_of_otlp_values_is_decoded() -> None:
    assert decode_attributes({"n": {"intValue": "3"}})["n"] == 3


def test_names_of_deep_or_long_objects_do_not_multiply() -> None:
    deep: dict[str, Any] = {"leaf": 1}
    for _ in range(400):
        deep = {"k" * 400: deep}

    decoded = decode_attributes({"top": deep})

    assert sum(map(len, decoded)) < 2_000
    assert decoded["top"] == deep


def test_values_deeper_than_the_limit_are_noted() -> None:
    value: dict[str, Any] = {"intValue": 1}
    for _ in range(MAX_VALUE_DEPTH + 5):
        value = {"arrayValue": {"values": [value]}}
    notes: list[tuple[str, str]] = []

    decode_value(value, lambda *note: notes.append(note))

    assert "deeper" in notes[0][1]
