from __future__ import annotations

import pytest

from evaluation.judging.chat import Unusable, Usable, complaint, read


def test_half_a_surrogate_pair_in_a_judgement_is_replaced() -> None:
    body = b'{"model": "m", "choices": [{"message": {"content": "bad \\ud83d end"}}]}'

    answer = read(body)

    assert answer == Usable(text="bad \N{REPLACEMENT CHARACTER} end", model="m")


def test_half_a_surrogate_pair_in_a_complaint_is_replaced() -> None:
    body = b'{"error": {"message": "bad \\ud83d"}}'

    assert complaint(body) == "bad \N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("body", [b"\xff", b"{", b"[]", b"[" * 100_000])
def test_what_is_no_completion_is_unusable(body: bytes) -> None:
    assert isinstance(read(body), Unusable)
