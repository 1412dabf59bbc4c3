from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score import tokenizers

from evaluation.metrics.text import words

ASCII = st.text(st.characters(max_codepoint=126), max_size=60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n\t ", []),
        ("Running, runs & RAN!", ["run", "run", "ran"]),
        ("ids id", ["ids", "id"]),
        ("snake_case kebab-case", ["snake", "case", "kebab", "case"]),
        ("don't", ["don", "t"]),
        ("naïve running", ["naïve", "run"]),
        ("Straße", ["straße"]),
        ("ΟΔΟΣ", ["οδο\u03c2"]),
        ("東京tower", ["東", "京", "tower"]),
        ("こんにちは", ["こ", "ん", "に", "ち", "は"]),
        ("안녕", ["안", "녕"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("🎉👍", []),
        ("ok👍ok", ["ok", "ok"]),
        ("x² Ⅳ", ["x2", "iv"]),
        ("zero\u200bwidth", ["zero", "width"]),
    ],
)
def test_a_text_is_split_into_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(text=ASCII)
def test_the_reference_library_splits_ascii_alike(text: str) -> None:
    reference = tokenizers.DefaultTokenizer(use_stemmer=True).tokenize(text)

    assert words(text) == reference


@given(text=st.text(max_size=60))
def test_words_are_never_empty_and_hold_no_space(text: str) -> None:
    assert all(word and not any(map(str.isspace, word)) for word in words(text))
