"""How much the answer's words agree with the golden answer's (ROUGE-1)."""

from __future__ import annotations

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.rouge import rouge_1
from evaluation.metrics.turns import TurnScore, compare_turns


def measure(task: Task) -> Measurement:
    """Average the ROUGE-1 F-measure over turns; an absent answer is an empty text."""
    return compare_turns(task, _compare)


def _compare(actual: Invocation, expected: ExpectedTurn) -> TurnScore:
    wanted = expected.final_response.text() if expected.final_response else ""
    given = actual.final_response.text() if actual.final_response else ""
    overlap = rouge_1(wanted, given)
    has_words = overlap.matched or overlap.missing or overlap.surplus
    if not has_words and wanted.strip() == given.strip():
        # Nothing was to be said, and nothing was; or the same emoji.
        return TurnScore(score=1.0, explanation={"equal_without_words": True})
    return TurnScore(score=overlap.f_measure, explanation=overlap.explain())
