from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.errors import EvaluationError
from evaluation.eval_sets import EvalCase, Rubric
from evaluation.judging.model import Question
from evaluation.metrics.judged.rubrics import entries_in, vote_of
from tests.evaluation.building import call, golden, turn
from tests.evaluation.metrics.judged.fakes import judged

RESPONSE = "rubric_based_final_response_quality_v1"
TOOLS = "rubric_based_tool_use_quality_v1"
DIALOGUE = "rubric_based_multi_turn_trajectory_quality_v1"
RUBRICS = [{"id": "a", "text": "It is polite."}, {"id": "b", "text": "It is short."}]


def document(**verdicts: str) -> str:
    entries = [
        {"id": key, "property": "p", "rationale": f"why {key}", "verdict": verdict}
        for key, verdict in verdicts.items()
    ]
    return json.dumps({"properties": entries})


def lines(**verdicts: str) -> str:
    return "\n".join(
        f"**ID:** {key}\nProperty: p\nEvidence: e\nRationale: why {key}\nVerdict: {said}\n"
        for key, said in verdicts.items()
    )


@pytest.mark.parametrize("form", [document, lines])
@pytest.mark.parametrize("metric", [RESPONSE, TOOLS, DIALOGUE])
def test_the_score_is_the_share_of_properties_that_hold(metric: str, form: Any) -> None:
    measured, judge = judged(metric, [form(a="yes", b="no")], [turn()], rubrics=RUBRICS)

    assert measured.score == 0.5
    assert measured.details is not None
    (about,) = measured.details["per_invocation"]
    assert about["rubric_scores"] == [
        {"rubric_id": "a", "score": 1.0, "rationale": "why a"},
        {"rubric_id": "b", "score": 0.0, "rationale": "why b"},
    ]
    assert len(judge.asked) == 3


def test_a_property_that_is_split_is_asked_on() -> None:
    says = [
        document(a="yes", b=verdict) for verdict in ("yes", "no", "yes", "no", "no")
    ]

    measured, judge = judged(RESPONSE, says, [turn()], rubrics=RUBRICS)

    assert measured.score == 0.5
    assert len(judge.asked) == 5


def test_a_property_is_known_by_its_text_too() -> None:
    entry = {"id": "?", "property": "**\u201cIt  is POLITE\u201d**", "verdict": "Yes."}

    measured, _ = judged(
        RESPONSE, [json.dumps({"properties": [entry]})], [turn()], rubrics=RUBRICS[:1]
    )

    assert measured.score == 1.0


def test_the_mean_is_over_all_rubrics_of_all_turns() -> None:
    of_a_turn = Rubric(rubric_id="c", text="It rhymes.")
    second = golden("two")
    second = type(second)(user_content=second.user_content, rubrics=(of_a_turn,))

    def says(question: Question) -> str:
        return document(a="yes", b="yes", c="no")

    measured, _ = judged(
        RESPONSE, says, [turn("one"), turn("two")], [golden("one"), second],
        rubrics=RUBRICS,
    )  # fmt: skip

    assert measured.score == pytest.approx(4 / 5)
    assert measured.per_invocation == [1.0, pytest.approx(2 / 3)]


@pytest.mark.parametrize(
    ("metric", "kind", "counts"),
    [
        (RESPONSE, "FINAL_RESPONSE_QUALITY", True),
        (RESPONSE, "TOOL_USE_QUALITY", False),
        (TOOLS, "TOOL_USE_QUALITY", True),
        (RESPONSE, None, True),
    ],
)
def test_rubrics_of_the_case_count_by_their_type(
    metric: str, kind: str | None, counts: bool
) -> None:
    rubric = Rubric(rubric_id="a", text="It is polite.", type=kind)
    case = EvalCase(case_id="c", turns=(golden(),), rubrics=(rubric,))
    says = [document(a="yes")]

    if not counts:
        with pytest.raises(EvaluationError, match="Rubrics are required"):
            judged(metric, says, [turn()], [golden()], case)
        return
    measured, _ = judged(metric, says, [turn()], [golden()], case)
    assert measured.score == 1.0


def test_an_id_that_stands_for_two_properties_is_refused() -> None:
    rubric = Rubric(rubric_id="a", text="Something else.")
    case = EvalCase(case_id="c", turns=(golden(),), rubrics=(rubric,))

    with pytest.raises(EvaluationError, match="two properties"):
        judged(RESPONSE, ["?"], [turn()], [golden()], case, rubrics=RUBRICS)


@pytest.mark.parametrize(
    "said", ["", "yes", document(a="perhaps"), document(b="yes"), '{"properties": 1}']
)
def test_a_property_that_is_not_decided_is_an_error(said: str) -> None:
    measured, _ = judged(RESPONSE, [said], [turn()], rubrics=RUBRICS[:1])

    assert (measured.score, measured.error_code) == (None, "judge_unusable")


def test_lines_that_do_not_add_up_decide_nothing() -> None:
    assert entries_in(lines(a="yes") + "\nVerdict: yes") == []


def test_the_whole_conversation_is_judged_at_its_end() -> None:
    turns = [turn("first", tools=[call("look", {"x": 1})]), turn("second")]

    measured, judge = judged(DIALOGUE, [document(a="yes")], turns, rubrics=RUBRICS[:1])

    assert measured.per_invocation == [None, 1.0]
    prompt = judge.asked[0].prompt
    assert (
        prompt.index("User: first") < prompt.index("call look") < prompt.index("second")
    )


@given(st.text(alphabet='{}[]":, \nIDPropertyVerdict') | st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    assert all(
        vote_of(entry.get("verdict")) in (0.0, 1.0, None) for entry in entries_in(text)
    )
