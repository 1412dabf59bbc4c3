from __future__ import annotations

import json

from evaluation.conversation.model import Conversation
from evaluation.evaluating import Document, evaluate_documents
from evaluation.values import JSON, JSONObject
from tests.evaluation.building import config, ticking

GOLDEN: JSONObject = {
    "eval_set_id": "s",
    "eval_cases": [
        {
            "eval_id": "c",
            "conversation": [
                {
                    "user_content": {"parts": [{"text": "hello"}]},
                    "final_response": {"parts": [{"text": "hi"}]},
                }
            ],
        }
    ],
}


def _trace(trace_id: str, answer: str = "hi") -> bytes:
    def attribute(key: str, value: str) -> JSONObject:
        return {"key": key, "value": {"stringValue": value}}

    def messages(role: str, text: str) -> str:
        return json.dumps(
            [{"role": role, "parts": [{"type": "text", "content": text}]}]
        )

    span = {
        "traceId": trace_id,
        "spanId": "00000000000000a1",
        "name": "invoke_agent a",
        "startTimeUnixNano": "1700000000000000000",
        "endTimeUnixNano": "1700000001000000000",
        "attributes": [
            attribute("gen_ai.operation.name", "invoke_agent"),
            attribute("gen_ai.agent.name", "a"),
            attribute("gen_ai.input.messages", messages("user", "hello")),
            attribute("gen_ai.output.messages", messages("assistant", answer)),
        ],
    }
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    return json.dumps(document).encode()


def _run(
    documents: list[Document], eval_set: JSON | bytes | None, **rest: JSON
) -> JSON:
    return evaluate_documents(
        documents,
        eval_set=eval_set,
        eval_set_name="golden.json",
        config=config("response_match_score"),
        now=ticking(),
        **rest,
    )


ONE = Document(name="one.json", content=_trace("1" * 32))
TWO = Document(name="two.json", content=_trace("2" * 32, answer="no"))


def test_documents_are_evaluated_in_order() -> None:
    result = _run([ONE, TWO], GOLDEN)

    assert [t.trace_id[0] for t in result.trace_results] == ["1", "2"]
    assert [t.metric_results[0].score for t in result.trace_results] == [1.0, 0.0]
    assert result.errors == []
    assert result.performance_metrics["trace_count"] == 2


def test_a_document_that_cannot_be_read_costs_only_itself() -> None:
    bad = Document(name="bad.json", content=b'{"what": 1}')

    result = _run([bad, ONE], GOLDEN)

    assert len(result.trace_results) == 1
    assert len(result.errors) == 1
    assert result.errors[0].startswith("Failed to load trace file 'bad.json': ")


def test_without_any_trace_the_run_says_so_and_why() -> None:
    result = _run([Document(name="empty.json", content=b"")], b"{oops")

    assert result.trace_results == []
    assert result.errors[0].startswith("Failed to load trace file 'empty.json': ")
    assert result.errors[1:] == ["No traces loaded."]


def test_no_documents_are_no_traces() -> None:
    assert _run([], None).errors == ["No traces loaded."]


def test_an_eval_set_that_cannot_be_read_leaves_the_rest() -> None:
    result = _run([ONE], b"{oops")

    assert result.errors[0].startswith("Failed to load eval set 'golden.json': ")
    assert result.trace_results[0].metric_results[0].status == "errored"


def test_without_an_eval_set_a_metric_that_needs_one_is_errored() -> None:
    result = _run([ONE], None)

    assert result.errors == []
    assert result.trace_results[0].metric_results[0].error_code == "no_eval_set"


def test_an_eval_set_may_be_bytes() -> None:
    result = _run([ONE], json.dumps(GOLDEN).encode())

    assert result.trace_results[0].metric_results[0].score == 1.0


def test_a_forced_format_applies_to_documents_without_one() -> None:
    forced = evaluate_documents(
        [ONE],
        eval_set=None,
        config=config("response_match_score", traceFormat="jaeger-json"),
        now=ticking(),
    )

    assert len(forced.errors) == 2
    assert "Jaeger" in forced.errors[0]


def test_problems_of_a_document_are_warnings_of_its_first_trace() -> None:
    lines = _trace("1" * 32) + b"\n{broken\n" + _trace("2" * 32)

    result = _run([Document(name="lines.jsonl", content=lines)], GOLDEN)

    assert len(result.trace_results) == 2
    assert any("lines.jsonl" in w for w in result.trace_results[0].conversion_warnings)


def test_traces_are_told_before_the_first_result() -> None:
    told: list[str] = []

    def on_trace(found: Conversation) -> None:
        told.append(found.trace_id[0])

    _run(
        [ONE, TWO],
        GOLDEN,
        on_trace=on_trace,
        on_result=lambda trace, result: told.append(result.metric_name),
    )

    assert told == ["1", "2", "response_match_score", "response_match_score"]
