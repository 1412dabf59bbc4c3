from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics.arguments import ArgumentRule, PatternError
from evaluation.metrics.fingerprint import fingerprint
from evaluation.values import JSON, JSONObject

EXACT = ArgumentRule()
SUBSET = ArgumentRule(mode="subset")

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, 1.0, 0.5, -0.0, math.nan])
    | st.sampled_from(["", "a", "1", "true"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({}, {}),
        ({"a": 3}, {"a": 3.0}),
        ({"a": 1000.0}, {"a": 1000}),
        ({"a": -0.0}, {"a": 0}),
        ({"a": 2**60 + 1}, {"a": 2**60 + 1}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 2, "b": 1}}),
        ({"a": None}, {"a": None}),
        ({"a": math.nan}, {"a": math.nan}),
        ({"a": [1, [2]]}, {"a": [1.0, [2]]}),
    ],
    ids=str,
)
def test_equal_json_values_agree(expected: JSONObject, actual: JSONObject) -> None:
    assert EXACT.difference(expected, actual) is None


@pytest.mark.parametrize(
    ("expected", "actual", "path"),
    [
        ({"a": True}, {"a": 1}, "args.a"),
        ({"a": 0}, {"a": False}, "args.a"),
        ({"a": "1"}, {"a": 1}, "args.a"),
        ({"a": "true"}, {"a": True}, "args.a"),
        ({"a": 2**60 + 1}, {"a": float(2**60)}, "args.a"),
        ({"a": 0.1 + 0.2}, {"a": 0.3}, "args.a"),
        ({"a": None}, {}, "args.a"),
        ({}, {"a": None}, "args.a"),
        ({"a": []}, {"a": {}}, "args.a"),
        ({"a": ""}, {"a": None}, "args.a"),
        ({"a": [1, 2]}, {"a": [2, 1]}, "args.a[0]"),
        ({"a": [1]}, {"a": [1, 2]}, "args.a[1]"),
        ({"a": [1, 2]}, {"a": [1]}, "args.a[1]"),
        ({"a": {"b": [{"c": "é"}]}}, {"a": {"b": [{"c": "e\u0301"}]}}, "args.a.b[0].c"),
    ],
    ids=str,
)
def test_the_first_difference_is_named(
    expected: JSONObject, actual: JSONObject, path: str
) -> None:
    found = EXACT.difference(expected, actual)

    assert found is not None
    assert found.path == path


def test_a_difference_tells_only_the_side_that_is_there() -> None:
    missing = EXACT.difference({"a": 1}, {})
    surplus = EXACT.difference({}, {"b": 2})

    assert missing is not None
    assert surplus is not None
    assert missing.explain() == {"path": "args.a", "problem": "missing", "expected": 1}
    assert surplus.explain() == {"path": "args.b", "problem": "unexpected", "actual": 2}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 201, "x" * 200 + "..."),
        ([1, 2], "a list of 2"),
        ({"b": 1}, "an object of 1"),
        (None, None),
    ],
    ids=["long text", "list", "object", "null"],
)
def test_a_difference_shows_values_in_brief(value: JSON, shown: JSON) -> None:
    found = EXACT.difference({"a": value}, {"a": 7})

    assert found is not None
    assert found.explain()["expected"] == shown


@pytest.mark.parametrize(
    ("rule", "agrees"),
    [
        (EXACT, False),
        (SUBSET, True),
        (ArgumentRule(mode="ignore"), True),
        (ArgumentRule(fields=("a",)), False),
    ],
    ids=["exact", "subset", "ignore", "fields"],
)
def test_a_call_expected_without_arguments(rule: ArgumentRule, agrees: bool) -> None:
    assert (rule.difference(None, {"a": 1}) is None) is agrees


def test_unknown_actual_arguments_count_as_none() -> None:
    assert EXACT.difference({}, None) is None
    assert EXACT.difference({"a": 1}, None) is not None


@pytest.mark.parametrize(
    ("rule", "expected", "actual", "agrees"),
    [
        (SUBSET, {"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}, True),
        (SUBSET, {"a": {"b": 1}}, {"a": {"b": 2}}, False),
        (SUBSET, {"a": [1]}, {"a": [1, 2]}, False),
        (ArgumentRule(fields=("a.b",)), {"a": {"b": 1}}, {"a": {"b": 1, "c": 9}}, True),
        (ArgumentRule(fields=("a.b",)), {"a": {"b": 1}}, {"a": {"b": 2}}, False),
        (ArgumentRule(fields=("a",)), {"a": {"b": 1}, "z": 1}, {"a": {"b": 1}}, True),
        (ArgumentRule(fields=("a",)), {"a": 1}, {}, False),
        (ArgumentRule(ignored_fields=("id",)), {"id": 1, "a": 2}, {"a": 2}, True),
        (ArgumentRule(ignored_fields=("l.id",)), {"l": [{"id": 1}]}, {"l": [{}]}, True),
        (ArgumentRule(ignored_fields=("id",)), {"idx": 1}, {}, False),
        (ArgumentRule(patterns=True), {"a": "[0-9]+"}, {"a": "42"}, True),
        (ArgumentRule(patterns=True), {"a": "[0-9]+"}, {"a": "42b"}, False),
        (ArgumentRule(tolerance=0.01), {"a": 100}, {"a": 100.9}, True),
        (ArgumentRule(tolerance=0.01), {"a": 100}, {"a": 102}, False),
        (ArgumentRule(tolerance=0.01), {"a": 10**400}, {"a": 1.5}, False),
        (ArgumentRule(tolerance=1.0), {"a": True}, {"a": 1}, False),
        (ArgumentRule(mode="ignore"), {"a": 1}, {"b": 2}, True),
    ],
    ids=str,
)
def test_rules_decide_what_counts(
    rule: ArgumentRule, expected: JSONObject, actual: JSONObject, agrees: bool
) -> None:
    assert (rule.difference(expected, actual) is None) is agrees


def test_a_pattern_that_is_none_is_an_error_that_shows_it() -> None:
    with pytest.raises(PatternError, match=r"'\[a' is no regular expression"):
        ArgumentRule(patterns=True).difference({"a": "[a"}, {"a": "a"})


def test_arguments_nested_a_hundred_thousand_deep_are_compared() -> None:
    deep: list[JSON] = [[], []]
    for _ in range(100_000):
        deep = [[deep[0]], [deep[1]]]

    assert EXACT.difference({"a": deep[0]}, {"a": deep[1]}) is None
    assert fingerprint(deep[0]) == fingerprint(deep[1])


@given(value=OBJECTS)
def test_arguments_agree_with_themselves_under_every_rule(value: JSONObject) -> None:
    copied = json.loads(json.dumps(value))

    for rule in (
        EXACT,
        SUBSET,
        ArgumentRule(tolerance=0.1),
        ArgumentRule(mode="ignore"),
    ):
        assert rule.difference(value, copied) is None


@given(one=OBJECTS, other=OBJECTS)
def test_agreement_is_symmetric(one: JSONObject, other: JSONObject) -> None:
    there = EXACT.difference(one, other) is None

    assert there == (EXACT.difference(other, one) is None)


@given(one=OBJECTS, other=OBJECTS)
def test_fingerprints_are_equal_exactly_for_equal_values(
    one: JSONObject, other: JSONObject
) -> None:
    same = fingerprint(one) == fingerprint(other)

    assert same == (EXACT.difference(one, other) is None)


@given(one=OBJECTS, other=OBJECTS)
def test_what_agrees_exactly_agrees_under_looser_rules(
    one: JSONObject, other: JSONObject
) -> None:
    merged = {**other, **one}

    assert SUBSET.difference(one, merged) is None
    if EXACT.difference(one, other) is None:
        assert ArgumentRule(tolerance=0.5).difference(one, other) is None
