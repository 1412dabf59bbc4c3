from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.judging.model import Failure, FailureKind, Question
from evaluation.metrics.builtin.final_response_match_v2 import read
from tests.evaluation.building import golden, turn
from tests.evaluation.metrics.judged.fakes import judged

METRIC = "final_response_match_v2"
VALID = '{"reasoning": "r", "is_the_agent_response_valid": "valid"}'
INVALID = '{"reasoning": "r", "is_the_agent_response_valid": "invalid"}'


def saying(value: str) -> str:
    return '{"reasoning": "r", "is_the_agent_response_valid": ' + value + "}"


@pytest.mark.parametrize(
    ("text", "vote"),
    [
        (VALID, 1.0),
        (INVALID, 0.0),
        (saying("true"), 1.0),
        (saying("false"), 0.0),
        (saying('"almost"'), 0.0),
        (saying('["valid"]'), 1.0),
        (saying('"partially_valid"'), 0.0),
        (f"Let me see.\n```json\n{VALID}\n```\nThat is all.", 1.0),
        (f"{{not JSON}} {INVALID} {{", 0.0),
        ('{"is_the_agent_response_invalid": "true"}', 0.0),
        ('{"is_the_agent_response_invalid": false}', 1.0),
    ],
)
def test_a_verdict_is_read_from_whatever_stands_around_it(
    text: str, vote: float
) -> None:
    assert read(text) == {"": vote}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I cannot say",
        saying('"Valid"'),
        saying('"maybe"'),
        saying('""'),
        saying('"valid because it matches"'),
        "{'is_the_agent_response_valid': 'valid'}",
        '{"is_the_agent_response_valid": "val',
        '{"is_the_agent_response_invalid": "banana"}',
    ],
)
def test_anything_else_is_no_verdict(text: str) -> None:
    assert read(text) is None


@given(st.text(alphabet='{}[]":, \n^validtrue_') | st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    assert read(text) in (None, {"": 1.0}, {"": 0.0})


def test_unanimous_samples_stop_at_three_of_five() -> None:
    measured, judge = judged(METRIC, [VALID], [turn()], [golden()])

    assert measured.score == 1.0
    assert len(judge.asked) == 3
    assert [question.sample for question in judge.asked] == [0, 1, 2]
    assert measured.explanation["turns"][0]["agreement"] == 1.0


def test_a_split_goes_on_until_the_majority_is_certain() -> None:
    says = [VALID, INVALID, VALID, INVALID, VALID]

    measured, judge = judged(METRIC, says, [turn()], [golden()])

    assert measured.score == 1.0
    assert len(judge.asked) == 5
    told = measured.explanation["turns"][0]
    assert (told["yes"], told["no"], told["agreement"]) == (3, 2, 0.6)


def test_the_number_of_samples_can_be_chosen() -> None:
    _, judge = judged(METRIC, [VALID], [turn()], [golden()], samples=1)

    assert len(judge.asked) == 1


def test_the_score_is_the_mean_over_turns() -> None:
    says = [VALID] * 3 + [INVALID] * 3

    measured, _ = judged(METRIC, says, [turn()] * 2, [golden()] * 2)

    assert measured.score == 0.5
    assert measured.per_invocation == [1.0, 0.0]


def test_turns_are_judged_at_once_and_told_in_their_order() -> None:
    answers = [str(i) for i in range(4)]

    def says(question: Question) -> str:
        return INVALID if "<agent_response>\n2\n" in question.prompt else VALID

    measured, judge = judged(
        METRIC, says, [turn(answer=a) for a in answers], [golden()] * 4, at_once=4
    )

    assert judge.most_at_once == 4
    assert measured.per_invocation == [1.0, 1.0, 0.0, 1.0]
    transcript = measured.explanation["judge"]["transcript"]
    assert [each["about"] for each in transcript] == [f"turn {i}" for i in range(4)]


def test_tokens_and_requests_are_counted() -> None:
    measured, _ = judged(METRIC, [VALID], [turn()], [golden()])

    assert measured.tokens_used == {
        "prompt": 30,
        "output": 6,
        "total": 36,
        "calls": 3,
        "cached": 0,
        "cost_usd": None,
    }


def test_the_judge_sees_question_answer_and_reference() -> None:
    _, judge = judged(
        METRIC, [VALID], [turn("actual", "given")], [golden("asked", "wanted")]
    )

    prompt = judge.asked[0].prompt
    assert "<user_prompt>\nasked\n" in prompt
    assert "<agent_response>\ngiven\n" in prompt
    assert "<reference_response>\nwanted\n" in prompt


def test_what_was_said_is_told() -> None:
    measured, _ = judged(METRIC, [VALID], [turn()], [golden()])

    told = measured.explanation["judge"]
    assert told["model"] == "judge-1"
    assert len(told["prompt_hash"]) == 16
    assert told["transcript"][0]["answers"][0]["text"] == VALID


@pytest.mark.parametrize(
    ("kind", "code", "asked"),
    [
        ("no_key", "judge_key_missing", 1),
        ("auth", "judge_refused_key", 1),
        ("bad_request", "judge_refused_request", 1),
        ("exhausted", "judge_unreachable", 1),
        ("budget_exceeded", "budget_exceeded", 1),
        ("unknown_model", "unknown_judge_model", 1),
        ("refused", "judge_not_allowed", 1),
        ("unusable", "judge_unusable", 5),
    ],
)
def test_a_judge_that_fails_is_an_error_with_its_code(
    kind: FailureKind, code: str, asked: int
) -> None:
    failure = Failure(kind=kind, message="because", calls=2)

    measured, judge = judged(METRIC, [failure], [turn()], [golden()])

    assert measured.score is None
    assert measured.error_code == code
    assert "because" in (measured.error or "")
    assert measured.tokens_used is not None
    assert measured.tokens_used["calls"] == 2 * asked
    assert len(judge.asked) == asked


def test_nonsense_is_an_error_that_quotes_it() -> None:
    measured, _ = judged(METRIC, ["I cannot say"], [turn()], [golden()])

    assert measured.error_code == "judge_unusable"
    assert "I cannot say" in (measured.error or "")


def test_one_turn_without_a_verdict_is_not_hidden_by_the_others() -> None:
    says = [VALID] * 3 + ["?"] * 5

    measured, _ = judged(METRIC, says, [turn()] * 2, [golden()] * 2)

    assert (measured.score, measured.error_code) == (None, "judge_unusable")


def test_without_a_golden_answer_nobody_is_asked() -> None:
    measured, judge = judged(METRIC, [VALID], [turn()], [golden(answer=None)])

    assert (measured.score, measured.error, judge.asked) == (None, None, [])
