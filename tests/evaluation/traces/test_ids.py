"""Ids: one spelling whatever the exporter wrote."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluation.traces import ids


@given(st.binary(min_size=8, max_size=8).filter(any))
def test_hex_and_base64_spell_the_same_span_id(raw: bytes) -> None:
    spelled = raw.hex()

    assert ids.span_id(spelled.upper()) == spelled
    assert ids.span_id(f"0x{spelled}") == spelled
    assert ids.span_id(base64.b64encode(raw).decode()) == spelled
    assert ids.span_id(base64.urlsafe_b64encode(raw).decode()) == spelled


@given(st.binary(min_size=16, max_size=16))
@example(b"\xd3\x10" + bytes(14))  # whose base64 begins with "0x"
def test_hex_and_base64_spell_the_same_trace_id(raw: bytes) -> None:
    assert ids.trace_id(base64.b64encode(raw).decode()) == raw.hex()
    assert ids.trace_id(raw.hex().upper()) == raw.hex()


@pytest.mark.parametrize(
    "raw", ["t", "abc", "Trace", "invoke-tool", "span-000001", "трасса", "a=b", "ABC"]
)
def test_text_that_is_neither_hex_nor_base64_stays(raw: str) -> None:
    assert ids.trace_id(raw) == raw
    assert ids.span_id(raw) == raw


@pytest.mark.parametrize("raw", [None, "", "0000000000000000", {}, [], "AAAAAAAAAAA="])
def test_absent_and_all_zero_span_ids_are_none(raw: object) -> None:
    assert ids.span_id(raw) == ""


def test_numbers_become_text() -> None:
    assert ids.trace_id(42) == "42"
