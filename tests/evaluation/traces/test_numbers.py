"""Numbers and times: read where unambiguous, else None."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.traces.numbers import integer, microseconds, moment, nanoseconds, real

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (7, 7),
        ("7", 7),
        ("-3", -3),
        (5.0, 5),
        ("12.0", 12),
        ("1.5", None),
        (1.5, None),
        ("", None),
        (True, None),
        (None, None),
        ("9" * 5000, None),
        ("inf", None),
        (float("nan"), None),
    ],
)
def test_integers_are_read_only_where_they_are_exact(
    raw: object, number: int | None
) -> None:
    assert integer(raw) == number


def test_real_numbers_may_be_named() -> None:
    assert real("2.5") == 2.5
    assert real("Infinity") == math.inf
    assert math.isnan(real("NaN") or 0)
    assert real("x") is None
    assert real(10**400) is None


@pytest.mark.parametrize(
    ("raw", "time_ns"),
    [
        ("1700000000000000001", 1_700_000_000_000_000_001),
        (1_700_000_000_000_001_999, 1_700_000_000_000_001_999),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
        ("2023-11-14T23:13:20.000000001+01:00", 1_700_000_000_000_000_001),
        ("1969-12-31T23:59:59.5Z", -500_000_000),
        ("2023-11-14T22:13:20", None),
        ("2023-13-14T22:13:20Z", None),
        ("yesterday", None),
        (10**30, None),
    ],
)
def test_nanoseconds_take_digits_and_iso_times_with_a_zone(
    raw: object, time_ns: int | None
) -> None:
    assert nanoseconds(raw) == time_ns


@pytest.mark.parametrize(
    ("raw", "time_ns"),
    [
        (1_700_000_000_000_000, 1_700_000_000_000_000_000),
        ("5", 5_000),
        (1500.5, 1_500_500),
        (1_700_000_000_000_000.75, 1_700_000_000_000_000_750),
        (None, None),
        (float("inf"), None),
        ("x", None),
    ],
)
def test_microseconds_keep_fractions(raw: object, time_ns: int | None) -> None:
    assert microseconds(raw) == time_ns


@pytest.mark.parametrize(
    "raw",
    [
        1_700_000_000,
        1_700_000_000.0,
        1_700_000_000_000,
        1_700_000_000_000_000,
        1_700_000_000_000_000_000,
        "2023-11-14T22:13:20Z",
    ],
    ids=["s", "float s", "ms", "us", "ns", "iso"],
)
def test_a_moment_tells_its_unit_by_its_size(raw: object) -> None:
    assert moment(raw) == 1_700_000_000_000_000_000


@given(JSON_VALUES)
def test_no_value_raises(raw: object) -> None:
    for read in (integer, nanoseconds, microseconds, moment):
        assert read(raw) is None or isinstance(read(raw), int)
