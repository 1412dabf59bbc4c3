"""What an evaluator process answers, and in which order."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evaluation.child import DocumentHeader, Done, Job, serve
from evaluation.framing import Frame, FrameDecoder, FrameKind

CONFIG = {"metrics": ["tool_trajectory_avg_score", "response_match_score"]}
Told = tuple[FrameKind, Any]


@pytest.fixture
def helm(samples: Path) -> bytes:
    return (samples / "helm.json").read_bytes()


@pytest.fixture
def golden(samples: Path) -> bytes:
    return (samples / "eval_set_helm.json").read_bytes()


def ask(kind: FrameKind, body: bytes, documents: Sequence[bytes]) -> list[Told]:
    """Give a process one job and return what it says."""
    frames = [Frame(kind=kind, body=body)]
    frames += [Frame(kind=FrameKind.DOCUMENT, body=each) for each in documents]
    sink = io.BytesIO()
    serve(io.BytesIO(b"".join(frame.encode() for frame in frames)), sink)
    told = FrameDecoder().feed(sink.getvalue())
    return [(frame.kind, json.loads(frame.body)) for frame in told]


def evaluate(documents: Sequence[bytes], **job: Any) -> list[Told]:
    """Have documents evaluated; the first is the eval set if the job says so."""
    golden = "eval_set_document" in job
    headers = [DocumentHeader(name=f"{n}.json") for n in range(len(documents) - golden)]
    asked = Job(**({"config": CONFIG, "documents": tuple(headers)} | job))
    return ask(FrameKind.JOB, msgspec.json.encode(asked), documents)


def test_a_client_that_watches_is_told_every_step_in_order(
    helm: bytes, golden: bytes
) -> None:
    header = DocumentHeader(name="golden.json")

    told = evaluate([golden, helm], eval_set_document=header, answer=True, watch=True)

    assert [kind.name for kind, _ in told] == [
        "LOADED",
        "TRACE",
        "TOLD",
        "TOLD",
        "TOLD",
        "PROGRESS",
        "TOLD",
        "TOLD",
        "PROGRESS",
        "TOLD",
        "TOLD",
        "ANSWER",
        "DONE",
    ]
    sentences = [
        m["message"] for k, m in told if k is FrameKind.TOLD and "message" in m
    ]
    assert sentences == [
        "Evaluating 1 trace...",
        "Trace 1/1: ec6af870d4eb...",
        "Running tool_trajectory_avg_score...",
        "Running response_match_score...",
        "Evaluation complete",
    ]


def test_every_partial_result_shows_what_was_known_then(
    helm: bytes, golden: bytes
) -> None:
    told = evaluate(
        [golden, helm],
        eval_set_document=DocumentHeader(name="g"),
        answer=True,
        watch=True,
    )

    partial = [
        message["traceProgress"]["partialResult"]["metricResults"]
        for _, message in told
        if isinstance(message, dict) and "traceProgress" in message
    ]

    assert [len(results) for results in partial] == [1, 2]


def test_a_trace_is_told_with_the_contracts_keys(helm: bytes) -> None:
    told = evaluate([helm], answer=True, watch=True)

    (trace,) = [message for kind, message in told if kind is FrameKind.TRACE]
    assert list(trace) == ["traceId", "performanceMetrics", "traceMetadata"]
    assert list(trace["traceMetadata"]) == [
        "agentName",
        "agentId",
        "model",
        "responseModel",
        "provider",
        "startTime",
        "userInputPreview",
        "finalOutputPreview",
    ]
    assert set(trace["performanceMetrics"]["latency"]) == {
        "overall",
        "llmCalls",
        "toolExecutions",
    }


def test_without_a_watcher_only_the_answer_is_rendered(helm: bytes) -> None:
    kinds = [kind.name for kind, _ in evaluate([helm], answer=True)]

    assert kinds == ["LOADED", "PROGRESS", "PROGRESS", "ANSWER", "DONE"]


def test_a_worker_is_told_no_more_than_it_records(helm: bytes) -> None:
    assert [kind.name for kind, _ in evaluate([helm])] == [
        "PROGRESS",
        "PROGRESS",
        "DONE",
    ]


def test_an_eval_set_that_cannot_be_read_is_named_as_the_client_named_it(
    helm: bytes,
) -> None:
    header = DocumentHeader(name="mine.json")

    told = evaluate([b"{oops", helm], eval_set_document=header, answer=True)

    (answer,) = [message for kind, message in told if kind is FrameKind.ANSWER]
    assert answer["errors"][0].startswith("Failed to load eval set 'mine.json': ")


def test_an_unknown_metric_is_an_errored_result(helm: bytes) -> None:
    told = evaluate([helm], config={"metrics": ["nobody_knows"]}, answer=True)

    (answer,) = [message for kind, message in told if kind is FrameKind.ANSWER]
    (result,) = answer["traceResults"][0]["metricResults"]
    assert result["error"] == "nobody_knows not found in registry."


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b'{"what": 1}', "unknown_trace_format"),
        (b'{"resourceSpans": []}', "no_traces"),
        (b'{"data": []}', "no_traces"),
    ],
)
def test_of_a_strict_job_every_document_must_be_readable(
    document: bytes, code: str
) -> None:
    ((kind, done),) = evaluate([document], strict=True, answer=True)

    assert (kind, done["error_code"]) == (FrameKind.DONE, code)


def test_of_a_strict_job_the_eval_set_must_be_readable(helm: bytes) -> None:
    header = DocumentHeader(name="g")

    ((_, done),) = evaluate([b"{}", helm], eval_set_document=header, strict=True)

    assert done["error_code"] == "invalid_eval_set"


def convert(*documents: tuple[str, bytes]) -> list[Told]:
    headers = [DocumentHeader(name=name) for name, _ in documents]
    contents = [content for _, content in documents]
    return ask(FrameKind.CONVERT, msgspec.json.encode(headers), contents)


def test_documents_are_converted_to_turns(helm: bytes) -> None:
    (kind, answer), (end, _) = convert(("trace_helm.json", helm))

    assert (kind, end) == (FrameKind.ANSWER, FrameKind.DONE)
    (trace,) = answer["traces"]
    assert list(trace) == ["traceId", "invocations", "warnings", "metadata"]
    assert trace["metadata"]["sessionName"] == "helm"
    (turn,) = trace["invocations"]
    assert list(turn["intermediateData"]) == [
        "toolUses",
        "toolResponses",
        "intermediateResponses",
    ]


def test_what_a_tool_was_given_keeps_its_keys(helm: bytes) -> None:
    (_, answer), _ = convert(("a.json", helm.replace(b"namespace", b"name_space")))

    uses = answer["traces"][0]["invocations"][0]["intermediateData"]["toolUses"]
    assert "name_space" in {key for use in uses for key in use["args"]}


def test_a_document_that_cannot_be_read_is_a_warning(helm: bytes) -> None:
    (_, answer), _ = convert(("bad.json", b"{oops"), ("a.json", helm))

    assert len(answer["traces"]) == 1
    (warning,) = answer["warnings"]
    assert warning.startswith("Failed to load 'bad.json': ")


def test_when_nothing_can_be_read_every_document_says_why() -> None:
    ((kind, done),) = convert(("a.json", b"{}"), ("b.json", b'{"data": []}'))

    assert kind is FrameKind.DONE
    assert done["error"].startswith("No traces found in uploaded files. Errors: ")
    assert "Failed to load 'a.json': Could not detect trace format" in done["error"]
    assert "; Failed to load 'b.json': " in done["error"]


def test_a_process_goes_on_after_a_job_without_a_result(helm: bytes) -> None:
    bad, good = Job(config={"what": 1}, documents=(DocumentHeader(),)), Job(config={})
    frames = [
        Frame(kind=FrameKind.JOB, body=msgspec.json.encode(bad)),
        Frame(kind=FrameKind.DOCUMENT, body=helm),
        Frame(kind=FrameKind.JOB, body=msgspec.json.encode(good)),
    ]
    sink = io.BytesIO()

    serve(io.BytesIO(b"".join(frame.encode() for frame in frames)), sink)

    ends = [
        msgspec.json.decode(frame.body, type=Done)
        for frame in FrameDecoder().feed(sink.getvalue())
    ]
    assert [end.error_code for end in ends] == ["invalid_config", ""]
