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
    return TurnScore(score=overlap.f_measure, explanation=overlap.explain())
