"""Share of answers that equal the golden answer."""

from __future__ import annotations

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.turns import TurnScore, compare_turns


def measure(task: Task) -> Measurement:
    """Score 1 for an equal answer, else 0; without a golden answer nothing."""
    ignore_case = task.options.get("ignore_case", False)
    ignore_white_space = task.options.get("ignore_white_space", True)

    def normalise(text: str) -> str:
        if ignore_white_space:
            text = " ".join(text.split())
        return text.casefold() if ignore_case else text

    def compare(actual: Invocation, expected: ExpectedTurn) -> TurnScore:
        if expected.final_response is None:
            return TurnScore(score=None, explanation={"problem": "no golden answer"})
        wanted = normalise(expected.final_response.text())
        given = normalise(actual.final_response.text() if actual.final_response else "")
        if wanted == given:
            return TurnScore(score=1.0)
        at = _common_length(wanted, given)
        return TurnScore(score=0.0, explanation={"first_difference_at": at})

    return compare_turns(task, compare)


def _common_length(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    shorter = min(len(one), len(other))
    return next((i for i, (a, b) in pairs if a != b), shorter)
