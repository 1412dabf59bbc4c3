from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score import tokenizers

from evaluation.metrics.porter import stem

WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=4, max_size=14)
SUFFIXED = st.tuples(
    st.text("abcdeilmnorstuvy", min_size=1, max_size=6),
    st.sampled_from(
        [
            "ational",
            "tional",
            "alli",
            "ousli",
            "ization",
            "fulness",
            "logi",
            "fulli",
            "bli",
            "ied",
            "ies",
            "eed",
            "ing",
            "ement",
            "ion",
            "able",
            "y",
            "ll",
            "e",
            "ative",
            "iciti",
        ]
    ),
).map("".join)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("caresses", "caress"),
        ("ponies", "poni"),
        ("ties", "tie"),
        ("agreed", "agre"),
        ("plastered", "plaster"),
        ("hopping", "hop"),
        ("filing", "file"),
        ("happy", "happi"),
        ("enjoy", "enjoy"),
        ("relational", "relat"),
        ("geology", "geolog"),
        ("replacement", "replac"),
        ("adoption", "adopt"),
        ("controlling", "control"),
        ("dying", "die"),
        ("skies", "sky"),
        ("proceed", "proceed"),
        ("as", "as"),
    ],
)
def test_a_word_loses_its_suffixes(word: str, expected: str) -> None:
    assert stem(word) == expected


@given(word=WORDS | SUFFIXED)
def test_the_reference_library_stems_alike(word: str) -> None:
    reference = tokenizers.DefaultTokenizer(use_stemmer=True).tokenize(word)

    ours = stem(word) if len(word) > 3 else word

    assert [ours] == reference


@given(word=WORDS)
def test_a_stem_is_never_longer_than_the_word_and_an_e(word: str) -> None:
    assert 0 < len(stem(word)) <= len(word) + 1


@pytest.mark.golden
def test_every_recorded_stem_is_ours(shared: Path) -> None:
    table = json.loads((shared / "golden" / "stem_table.json").read_text("utf-8"))

    ours = {word: stem(word) if len(word) > 3 else word for word in table}

    assert ours == table
