from __future__ import annotations

import json

import pytest

from evaluation.config import parse_config
from evaluation.errors import ConfigError
from tests.evaluation.building import golden, turn
from tests.evaluation.metrics.judged.fakes import judged

METRIC = "llm_judge"
ASKED = {"instructions": "Is it polite?"}
GRADES = {"good": 1.0, "fair": 0.5, "poor": 0.0}


def saying(verdict: str) -> str:
    return "Thinking {aloud}.\n" + json.dumps({"reasoning": "r", "verdict": verdict})


@pytest.mark.parametrize(("verdict", "score"), [("pass", 1.0), (" FAIL ", 0.0)])
def test_the_verdict_is_pass_or_fail_unless_choices_are_given(
    verdict: str, score: float
) -> None:
    measured, judge = judged(METRIC, [saying(verdict)], [turn()], **ASKED)

    assert measured.score == score
    assert len(judge.asked) == 3
    assert "Is it polite?" in judge.asked[0].prompt


@pytest.mark.parametrize(
    ("verdicts", "score", "asked"),
    [
        (["good"] * 5, 1.0, 3),
        (["good", "fair", "poor", "fair", "good"], 0.5, 5),
        (["fair", "fair", "good", "fair", "?"], 0.5, 4),
    ],
)
def test_most_samples_decide_and_a_tie_counts_for_less(
    verdicts: list[str], score: float, asked: int
) -> None:
    says = [saying(verdict) for verdict in verdicts]

    measured, judge = judged(METRIC, says, [turn()], choices=GRADES, **ASKED)

    assert measured.score == score
    assert len(judge.asked) == asked


def test_spread_and_agreement_are_told() -> None:
    says = [saying(verdict) for verdict in ("good", "poor", "good", "good", "good")]

    measured, _ = judged(METRIC, says, [turn()], choices=GRADES, **ASKED)

    told = measured.explanation["turns"][0]
    assert (told["agreement"], told["spread"]) == (0.75, 1.0)
    assert told["votes"] == {"good": 3, "poor": 1}


@pytest.mark.parametrize("said", ["", "pass", saying("excellent"), '{"verdict": 1}'])
def test_a_verdict_that_is_no_choice_is_an_error(said: str) -> None:
    measured, _ = judged(METRIC, [said], [turn()], **ASKED)

    assert (measured.score, measured.error_code) == (None, "judge_unusable")


def test_a_golden_answer_is_shown() -> None:
    _, judge = judged(
        METRIC, [saying("pass")], [turn()], [golden(answer="ref")], **ASKED
    )

    assert "<reference>\nref\n" in judge.asked[0].prompt


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "instructions"),
        ({"instructions": " "}, "must not be empty"),
        ({**ASKED, "choices": {"only": 1}}, "at least two"),
        ({**ASKED, "choices": {"a": 1, "A ": 0}}, "at least two"),
        ({**ASKED, "choices": {"a": 1, "b": 2}}, "between 0 and 1"),
        ({**ASKED, "samples": 26}, "at most 25"),
        ({**ASKED, "judge_base_url": "ftp://host"}, "must be an address"),
        ({**ASKED, "judge_base_url": "http://me:key@host/v1"}, "must be an address"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], says: str) -> None:
    entry = {"name": METRIC, "type": "builtin", **options}

    with pytest.raises(ConfigError, match=says):
        parse_config({"evaluators": [entry]})
