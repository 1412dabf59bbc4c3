from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score import rouge_scorer

from evaluation.metrics.rouge import rouge_1
from evaluation.metrics.text import words

SENTENCES = st.lists(
    st.sampled_from(
        ["the", "cat", "cats", "sat", "on", "3", "mats", "running", "happy", "happily"]
    ),
    max_size=12,
).map(" ".join)
TEXTS = st.text(max_size=40)


def test_the_order_of_operations_is_the_contracts() -> None:
    overlap = rouge_1("a b c d e", "a b c d f")

    assert overlap.f_measure == 0.8000000000000002


def test_repeated_words_count_as_often_as_both_sides_have_them() -> None:
    overlap = rouge_1("the the the", "the the cat dog")

    assert overlap.precision == 2 / 4
    assert overlap.recall == 2 / 3
    assert overlap.matched == ("the", "the")
    assert overlap.missing == ("the",)
    assert sorted(overlap.surplus) == ["cat", "dog"]


def test_long_word_lists_are_cut_in_the_explanation() -> None:
    told = rouge_1(" ".join(f"w{i}" for i in range(900)), "").explain()

    assert len(told["missing_tokens"]) == 50


@given(reference=SENTENCES, candidate=SENTENCES)
def test_the_reference_library_scores_ascii_alike(
    reference: str, candidate: str
) -> None:
    scorer = rouge_scorer.RougeScorer(["rouge1"], use_stemmer=True)
    theirs = scorer.score(reference, candidate)["rouge1"]

    ours = rouge_1(reference, candidate)

    assert (ours.precision, ours.recall, ours.f_measure) == tuple(theirs)


@given(one=TEXTS, other=TEXTS)
def test_scores_lie_between_0_and_1(one: str, other: str) -> None:
    overlap = rouge_1(one, other)

    for score in (overlap.precision, overlap.recall, overlap.f_measure):
        assert 0 <= score <= 1


@given(one=TEXTS, other=TEXTS)
def test_swapping_the_texts_swaps_precision_and_recall(one: str, other: str) -> None:
    there, back = rouge_1(one, other), rouge_1(other, one)

    assert (there.precision, there.recall) == (back.recall, back.precision)
    assert there.f_measure == back.f_measure


@given(text=TEXTS)
def test_a_text_with_words_agrees_with_itself(text: str) -> None:
    assert rouge_1(text, text).f_measure == (1.0 if words(text) else 0.0)


@given(text=st.lists(st.sampled_from(["red", "green", "blue"])), data=st.data())
def test_the_order_of_words_does_not_count(
    text: list[str], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(text))

    assert rouge_1(" ".join(text), " ".join(shuffled)).missing == ()


@pytest.mark.golden
def test_every_recorded_pair_of_texts_scores_alike(shared: Path) -> None:
    table = json.loads((shared / "golden" / "rouge_table.json").read_text("utf-8"))

    for row in table:
        overlap = rouge_1(row["reference"], row["candidate"])

        assert words(row["reference"]) == row["reference_tokens"]
        assert words(row["candidate"]) == row["candidate_tokens"]
        assert overlap.precision == pytest.approx(row["precision"], abs=1e-12)
        assert overlap.recall == pytest.approx(row["recall"], abs=1e-12)
        assert overlap.f_measure == pytest.approx(row["fmeasure"], abs=1e-12)
