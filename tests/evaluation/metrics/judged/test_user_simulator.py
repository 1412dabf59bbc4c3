from __future__ import annotations

import pytest

from evaluation.errors import EvaluationError
from evaluation.eval_sets import EvalCase
from tests.evaluation.building import turn
from tests.evaluation.metrics.judged.fakes import judged

METRIC = "per_turn_user_simulator_quality_v1"
CASE = EvalCase(
    case_id="c",
    scenario={"starting_prompt": "Hello  there", "conversation_plan": "Ask for a die."},
)
TURNS = [turn("hello there"), turn("Roll a die.")]


@pytest.mark.parametrize(
    ("said", "scores"),
    [('{"is_valid": true}', [1.0, 1.0]), ('{"is_valid": "no"}', [1.0, 0.0])],
)
def test_the_judge_decides_each_message_after_the_first(
    said: str, scores: list[float]
) -> None:
    measured, judge = judged(METRIC, [said], TURNS, case=CASE)

    assert measured.per_invocation == scores
    assert len(judge.asked) == 3
    assert "<plan>\nAsk for a die.\n" in judge.asked[0].prompt


def test_the_first_message_is_the_starting_prompt() -> None:
    measured, judge = judged(METRIC, ["?"], [turn("Good day")], case=CASE)

    assert (measured.score, judge.asked) == (0.0, [])


def test_without_a_scenario_there_is_nothing_to_judge() -> None:
    with pytest.raises(EvaluationError, match="conversation_scenario is needed"):
        judged(METRIC, ["?"], TURNS)


def test_nonsense_is_an_error() -> None:
    measured, _ = judged(METRIC, ["perhaps"], TURNS, case=CASE)

    assert measured.error_code == "judge_unusable"
