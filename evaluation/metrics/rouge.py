"""ROUGE-1: how many words two texts share.

C.-Y. Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004.
"""

from __future__ import annotations

from collections import Counter

from evaluation.metrics.text import words
from evaluation.values import JSONObject, Value

SHOWN_WORDS = 50


class Overlap(Value, frozen=True, kw_only=True):
    """Precision, recall and F-measure, each in [0, 1], and the words behind them."""

    precision: float
    recall: float
    f_measure: float
    matched: tuple[str, ...]
    missing: tuple[str, ...]
    surplus: tuple[str, ...]

    def explain(self) -> JSONObject:
        """Describe the overlap; word lists are cut to a readable length."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "matched_tokens": list(self.matched[:SHOWN_WORDS]),
            "missing_tokens": list(self.missing[:SHOWN_WORDS]),
            "unexpected_tokens": list(self.surplus[:SHOWN_WORDS]),
        }


def rouge_1(reference: str, candidate: str) -> Overlap:
    """Compare the words of two texts as multisets; without words all scores are 0."""
    wanted, given = Counter(words(reference)), Counter(words(candidate))
    shared = wanted & given
    overlap = shared.total()
    precision = overlap / max(given.total(), 1)
    recall = overlap / max(wanted.total(), 1)
    total = precision + recall
    return Overlap(
        precision=precision,
        recall=recall,
        # The order of operations is the contract's: 0.8 and 0.8 give a bit more.
        f_measure=2 * precision * recall / total if total > 0 else 0.0,
        matched=tuple(shared.elements()),
        missing=tuple((wanted - given).elements()),
        surplus=tuple((given - wanted).elements()),
    )
