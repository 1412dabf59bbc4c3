"""What evaluators are told, and what they may answer."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from evaluation.config.model import EvaluatorSpec
from evaluation.conversation.model import Content
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.evaluators.errors import EvaluatorOutputError
from evaluation.evaluators.protocol import input_document, read_output
from evaluation.metrics.model import Task
from tests.evaluation.building import call, conversation, golden, turn
from tests.evaluation.evaluators.running import Workshop

SEARCH = call("search", {"q": 1}, call_id="c1", response={"found": True})
BROKEN = call("fetch", None, call_id="c2", error="timed out")


def spec(**options: Any) -> EvaluatorSpec:
    return EvaluatorSpec(name="mine", type="code", threshold=0.5, options=options)


def task(expected: tuple[ExpectedTurn, ...] | None = None) -> Task:
    talk = conversation(turn(tools=(SEARCH, BROKEN), span_id="s1"), turn("bye", ""))
    return Task(conversation=talk, expected=expected)


def test_version_1_0_is_what_was_recorded() -> None:
    document = input_document(spec(config={"a": 1}), task())

    assert document == {
        "protocol_version": "1.0",
        "metric_name": "mine",
        "threshold": 0.5,
        "config": {"a": 1},
        "invocations": [
            {
                "invocation_id": "turn",
                "user_content": "hello",
                "final_response": "hi",
                "intermediate_steps": {
                    "tool_calls": [
                        {"name": "search", "args": {"q": 1}},
                        {"name": "fetch", "args": {}},
                    ],
                    "tool_responses": [
                        {"name": "search", "output": "{'found': True}", "status": None}
                    ],
                },
                "performance_metrics": None,
            },
            {
                "invocation_id": "turn",
                "user_content": "bye",
                "final_response": None,
                "intermediate_steps": {"tool_calls": [], "tool_responses": []},
                "performance_metrics": None,
            },
        ],
        "expected_invocations": None,
    }


def test_version_1_1_adds_ids_json_and_failures() -> None:
    document = input_document(spec(protocol="1.1"), task())

    first = document["invocations"][0]
    assert document["protocol_version"] == "1.1"
    assert (first["trace_id"], first["span_id"]) == ("trace", "s1")
    assert first["intermediate_steps"] == {
        "tool_calls": [
            {"name": "search", "args": {"q": 1}, "id": "c1"},
            {"name": "fetch", "args": {}, "id": "c2"},
        ],
        "tool_responses": [
            {
                "id": "c1",
                "name": "search",
                "output": '{"found": true}',
                "status": None,
                "response": {"found": True},
            },
            {
                "id": "c2",
                "name": "fetch",
                "output": "timed out",
                "status": "error",
                "response": None,
            },
        ],
    }


def test_expected_turns_are_told_with_their_responses() -> None:
    expected = ExpectedTurn(
        invocation_id="gold",
        user_content=Content.of_text("hello", role="user"),
        tool_responses=({"name": "search", "response": {"n": 1}, "id": "c9"},),
    )

    (told,) = input_document(spec(), task((expected,)))["expected_invocations"]

    assert told["invocation_id"] == "gold"
    assert told["intermediate_steps"]["tool_responses"] == [
        {"name": "search", "output": "{'n': 1}", "status": None}
    ]


@pytest.mark.parametrize(
    ("text", "score", "scores"),
    [
        (b'{"score": 1}', 1.0, []),
        (b'\n {"score": "0.25", "future": [1]} \n', 0.25, []),
        (b'{"score": true, "per_invocation_scores": [false]}', 1.0, [0.0]),
        (b'{"score": 0.5, "per_invocation_scores": [7, null, -1]}', 0.5, [7, None, -1]),
    ],
)
def test_a_result_is_read(
    text: bytes, score: float, scores: list[float | None]
) -> None:
    output = read_output(text, "mine")

    assert (output.score, output.per_invocation_scores) == (score, scores)


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"[]",
        b"1",
        b'{"score": null}',
        b'{"score": 1.01}',
        b'{"score": -0.01}',
        b'{"score": NaN}',
        b'{"score": "nan"}',
        b'{"score": 1e999}',
        b'{"score": 1, "status": "passed"}',
        b'{"score": 1, "details": []}',
        b'{"score": 1, "per_invocation_scores": "no"}',
        b'{"score": 1} {"score": 1}',
        b'log line\n{"score": 1}',
        b"\xff",
    ],
)
def test_what_is_no_result_is_refused(text: bytes) -> None:
    with pytest.raises(EvaluatorOutputError, match="'mine' produced invalid JSON"):
        read_output(text, "mine")


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ({"score": 0.6}, "PASSED"),
        ({"score": 0.59}, "FAILED"),
        ({"score": 0.1, "status": "PASSED"}, "PASSED"),
        ({"score": 1, "status": "FAILED"}, "FAILED"),
        ({"score": 1, "status": "NOT_EVALUATED"}, "NOT_EVALUATED"),
    ],
)
def test_the_threshold_decides_unless_the_evaluator_does(
    shop: Workshop, output: dict[str, Any], status: str
) -> None:
    result = shop.result(f"import json; print(json.dumps({output}))", threshold=0.6)

    assert (result.eval_status, result.error) == (status, None)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], [None, None]),
        ([1], [1.0, None]),
        ([1, 0.5, 0], [1.0, 0.5]),
        ([None, 0.5], [None, 0.5]),
    ],
)
def test_scores_of_turns_are_padded_and_cut(
    shop: Workshop, given: list[float | None], kept: list[float | None]
) -> None:
    output = {"score": 1, "per_invocation_scores": given}

    result = shop.result(f"import json; print(json.dumps({output}))")

    assert result.per_invocation_scores == kept


def test_details_and_explanation_are_kept(shop: Workshop) -> None:
    output = {"score": 1, "details": {"seen": [1]}, "explanation": "all is well"}

    result = shop.result(
        f"import json, sys; print('note', file=sys.stderr); print(json.dumps({output}))"
    )

    assert result.details == {"seen": [1]}
    assert result.explanation is not None
    assert result.explanation["evaluator"] == "all is well"
    assert result.explanation["stderr"] == "note"
    assert result.explanation["threshold"] == 0.5


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_an_evaluator_in_javascript_runs(shop: Workshop) -> None:
    path = shop.write(
        "const data = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify({score: data.invocations.length / 4}));",
        "mine.js",
    )

    (result,) = shop.results({"name": "mine", "type": "code", "path": path})

    assert (result.score, result.error) == (0.5, None)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("missing.py", "evaluator_not_found"),
        ("../outside.py", "evaluator_not_allowed"),
        ("/etc/outside.py", "evaluator_not_allowed"),
        ("link.py", "evaluator_not_allowed"),
        ("folder.py", "evaluator_not_found"),
    ],
)
def test_only_files_of_the_folder_are_run(shop: Workshop, path: str, code: str) -> None:
    outside = shop.folder.parent / "outside.py"
    outside.write_text("print('{\"score\": 1}')")
    if not (shop.folder / "link.py").is_symlink():
        (shop.folder / "link.py").symlink_to(outside)
    (shop.folder / "folder.py").mkdir(exist_ok=True)

    (result,) = shop.results({"name": "mine", "type": "code", "path": path})

    assert result.error_code == code


def test_golden_turns_of_another_number_are_told_as_they_are() -> None:
    told = input_document(spec(), task((golden(),)))

    assert (len(told["invocations"]), len(told["expected_invocations"])) == (2, 1)
