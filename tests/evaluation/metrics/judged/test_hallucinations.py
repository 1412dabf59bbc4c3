from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.judging.model import Question
from evaluation.metrics.builtin.hallucinations_v1 import read_labels
from tests.evaluation.building import call, golden, turn
from tests.evaluation.metrics.judged.fakes import judged

METRIC = "hallucinations_v1"
SENTENCES = "<sentence>One.</sentence>\n<sentence>Two.</sentence>"


def block(label: str, sentence: str = "One.") -> str:
    return (
        f"sentence: {sentence}\nlabel: {label}\nrationale: r\n"
        "supporting_excerpt: null\ncontradicting_excerpt: null\n\n"
    )


def document(*labels: str) -> str:
    entries = [
        {"sentence": "One.", "label": label, "rationale": "r"} for label in labels
    ]
    return json.dumps({"sentences": entries})


@pytest.mark.parametrize("form", ["blocks", "JSON", "fenced JSON"])
@pytest.mark.parametrize(
    ("labels", "score"),
    [
        (["supported", "supported"], 1.0),
        (["supported", "unsupported"], 0.5),
        (["not_applicable", "contradictory"], 0.5),
        (["disputed"], 0.0),
        (["Supported ", "maybe", "UNSUPPORTED"], 0.5),
    ],
)
def test_the_score_is_the_share_of_supported_labels(
    form: str, labels: list[str], score: float
) -> None:
    said = "".join(map(block, labels)) if form == "blocks" else document(*labels)
    said = f"Sure:\n```json\n{said}\n```" if form == "fenced JSON" else said

    measured, judge = judged(METRIC, [SENTENCES, said], [turn()])

    assert measured.score == score
    assert len(judge.asked) == 2


def test_the_judge_sees_what_the_tools_said() -> None:
    tools = [
        call("roll", {"sides": 6}, response={"result": 4}),
        call("check", {}, error="no such die"),
    ]

    _, judge = judged(METRIC, [SENTENCES, document("supported")], [turn(tools=tools)])

    prompt = judge.asked[1].prompt
    assert 'tool call roll with {"sides": 6}' in prompt
    assert 'output: {"result": 4}' in prompt
    assert "failed: no such die" in prompt
    assert "<sentence>Two.</sentence>" in prompt


def test_unsupported_sentences_are_named() -> None:
    measured, _ = judged(METRIC, [SENTENCES, document("unsupported")], [turn()])

    told = measured.explanation["turns"][0]
    assert (told["sentences"], told["labelled"]) == (2, 1)
    assert told["unsupported"][0]["sentence"] == "One."


@pytest.mark.parametrize(
    "said", ["", "supported", document("maybe"), '{"sentences": 3}']
)
def test_a_judge_without_labels_is_an_error(said: str) -> None:
    measured, _ = judged(METRIC, [SENTENCES, said], [turn()])

    assert (measured.score, measured.error_code) == (None, "judge_unusable")


def test_an_answer_that_the_judge_does_not_split_is_an_error() -> None:
    measured, judge = judged(METRIC, ["nothing tagged"], [turn()])

    assert (measured.score, measured.error_code) == (None, "judge_unusable")
    assert len(judge.asked) == 1


@pytest.mark.parametrize("answer", [None, "", " \n"])
def test_a_turn_without_an_answer_is_not_judged(answer: str | None) -> None:
    measured, judge = judged(METRIC, ["?"], [turn(answer=answer)])

    assert (measured.score, measured.error, judge.asked) == (None, None, [])


def test_golden_data_of_another_length_does_no_harm() -> None:
    def says(question: Question) -> str:
        return document("supported") if "<context>" in question.prompt else SENTENCES

    measured, _ = judged(METRIC, says, [turn(), turn()], [golden()])

    assert measured.score == 1.0


@given(st.text(alphabet='sentence:label\n {}[]"') | st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    assert all(label.score in (0.0, 1.0, None) for label in read_labels(text))
