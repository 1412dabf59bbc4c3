"""Share of answers that are the golden answer's JSON."""

from __future__ import annotations

import re

from evaluation import surrogates
from evaluation.conversation.model import Content, Invocation
from evaluation.errors import EvaluationError
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.trajectory import rule_of
from evaluation.metrics.turns import TurnScore, compare_turns
from evaluation.values import JSON

# Models like to wrap JSON in a fenced block; the block's content is the answer then.
_FENCED = re.compile(r"```[\w-]*\n(.*?)\n?```", re.DOTALL)


class GoldenAnswerError(EvaluationError):
    """The golden answer is not JSON, so nothing can be compared with it."""

    code = "golden_answer_not_json"


def measure(task: Task) -> Measurement:
    """Score 1 for JSON that agrees with the golden JSON by the rule for arguments.

    Text that is no JSON scores 0; without a golden answer nothing is measured.
    """
    rule = rule_of(task.options)

    def compare(actual: Invocation, expected: ExpectedTurn) -> TurnScore:
        if expected.final_response is None:
            return TurnScore(score=None, explanation={"problem": "no golden answer"})
        try:
            wanted = _decoded(expected.final_response)
        except ValueError as error:
            raise GoldenAnswerError(
                f"The golden answer of turn {expected.invocation_id!r} is not JSON: "
                f"{error}."
            ) from error
        try:
            given = _decoded(actual.final_response or Content())
        except ValueError as error:
            return TurnScore(score=0.0, explanation={"problem": f"no JSON: {error}"})
        if rule.mode == "ignore":
            return TurnScore(score=1.0)
        found = rule.first_difference("answer", wanted, given)
        if found is None:
            return TurnScore(score=1.0)
        return TurnScore(score=0.0, explanation={"first_difference": found.explain()})

    return compare_turns(task, compare)


def _decoded(content: Content) -> JSON:
    text = content.text()
    fenced = _FENCED.search(text)
    try:
        return surrogates.loads(fenced[1] if fenced else text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
