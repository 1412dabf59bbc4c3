from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.judging.retrying import RetryPolicy, retry_after_s

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30.0),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0.0),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_pause_is_seconds_or_a_date(said: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-AFTER": said}, today=NOW) == seconds


@given(st.text())
def test_no_header_breaks_the_reading(said: str) -> None:
    found = retry_after_s({"Retry-After": said}, today=NOW)

    assert found is None or found >= 0


@given(st.integers(1, 20), st.floats(0, 1e9) | st.none(), st.floats(0, 1))
def test_a_delay_is_bounded(attempt: int, asked_s: float | None, luck: float) -> None:
    delay_s = RetryPolicy().delay_s(attempt, asked_s, lambda: luck)

    assert 0 <= delay_s <= RetryPolicy().cap_s
