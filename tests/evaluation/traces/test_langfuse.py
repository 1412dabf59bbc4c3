"""Langfuse exports: observations to spans."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.evaluation.traces.documents import START_NS, only_span, problems, read

OBSERVATION: dict[str, Any] = {
    "id": "00000000000000aa",
    "traceId": "t",
    "type": "GENERATION",
    "name": "chat",
    "startTime": "2023-11-14T22:13:20.000Z",
    "endTime": "2023-11-14T22:13:20.100Z",
    "parentObservationId": None,
    "model": "gpt-4o",
    "input": [{"role": "user", "content": "hi"}],
    "output": {"role": "assistant", "content": "yo"},
    "level": "DEFAULT",
    "usageDetails": {"input": 5, "output": 6},
}
TRACE = {"id": "t", "name": "demo", "sessionId": "s", "input": "hi", "userId": None}


def export(*observations: Any) -> dict[str, Any]:
    return {"trace": TRACE, "observations": list(observations)}


def test_an_observation_is_a_span_with_langfuse_attributes() -> None:
    span = only_span(export(OBSERVATION))

    assert (span.trace_id, span.span_id, span.name) == ("t", "00000000000000aa", "chat")
    assert (span.start_ns, span.duration_ns) == (START_NS, 100_000_000)
    assert span.attributes["langfuse.observation.type"] == "GENERATION"
    assert span.attributes["langfuse.observation.input"] == OBSERVATION["input"]
    assert span.attributes["langfuse.observation.usage_details"]["input"] == 5
    assert span.resource == {
        "langfuse.trace.name": "demo",
        "langfuse.trace.input": "hi",
        "session.id": "s",
    }


@pytest.mark.parametrize("write", [dict, json.dumps], ids=["object", "text"])
def test_attributes_received_as_opentelemetry_are_taken_as_they_were(
    write: Callable[[dict[str, Any]], Any],
) -> None:
    metadata = {
        "attributes": {"gen_ai.request.model": "gemini"},
        "resourceAttributes": {"service.name": "shop"},
        "scope": {"name": "gcp.vertex.agent", "version": "1"},
    }

    span = only_span(export(OBSERVATION | {"metadata": write(metadata)}))

    assert span.attributes["gen_ai.request.model"] == "gemini"
    assert span.resource["service.name"] == "shop"
    assert span.scope.name == "gcp.vertex.agent"


def test_observations_form_a_tree_and_errors_show() -> None:
    child = OBSERVATION | {
        "id": "00000000000000bb",
        "parentObservationId": "00000000000000aa",
        "level": "ERROR",
        "statusMessage": "boom",
    }

    (trace,) = read(export(child, OBSERVATION)).traces

    (failed,) = trace.children_of(trace.roots[0])
    assert (failed.status, failed.status_message) == ("error", "boom")


def test_an_event_ends_when_it_starts_and_others_stay_unfinished() -> None:
    event = OBSERVATION | {"type": "EVENT", "endTime": None}

    assert only_span(export(event)).duration_ns == 0
    assert only_span(export(OBSERVATION | {"endTime": None})).end_ns is None


@pytest.mark.parametrize(
    "document",
    [TRACE | {"observations": [OBSERVATION]}, [OBSERVATION], OBSERVATION],
    ids=["flat", "list", "single"],
)
def test_other_wrappings_are_langfuse_too(document: Any) -> None:
    loaded = read(document)

    assert loaded.format == "langfuse-json"
    assert loaded.traces[0].trace_id == "t"


def test_bad_observations_cost_themselves() -> None:
    loaded = read(export(3, OBSERVATION | {"startTime": "soon"}))

    assert len(loaded.traces[0].spans) == 1
    assert problems(loaded) == [
        ("not_an_object", "$.observations[0]"),
        ("bad_time", "$.observations[1].startTime"),
    ]


def test_a_trace_without_observations_has_no_spans() -> None:
    loaded = read(export())

    assert loaded.format == "langfuse-json"
    assert loaded.traces == ()
    assert [code for code, _ in problems(loaded)] == ["empty_trace", "no_spans"]
