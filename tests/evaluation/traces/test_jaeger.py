"""Jaeger JSON: processes, logs, typed tags and references."""

from __future__ import annotations

from typing import Any

import pytest

from evaluation.traces.model import SpanLink
from tests.evaluation.traces.documents import (
    START_NS,
    TRACE_ID,
    jaeger,
    jaeger_span,
    only_span,
    otlp,
    otlp_span,
    problems,
    read,
)

SPAN = "$.data[0].spans[0]"


def tag(key: str, value: Any, kind: str = "string") -> dict[str, Any]:
    return {"key": key, "type": kind, "value": value}


def test_times_are_nanoseconds() -> None:
    span = only_span(jaeger(jaeger_span()))

    assert (span.start_ns, span.end_ns) == (START_NS, START_NS + 100_000_000)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (tag("k", "42", "int64"), 42),
        (tag("k", 42, "int64"), 42),
        (tag("k", "2.5", "float64"), 2.5),
        (tag("k", "true", "bool"), True),
        (tag("k", "AQI=", "binary"), "AQI="),
        (tag("k", "many", "int64"), "many"),
        (tag("k", 7), 7),
        ({"key": "k", "value": "v"}, "v"),
    ],
)
def test_tags_have_their_declared_types(given: dict[str, Any], value: object) -> None:
    assert only_span(jaeger(jaeger_span(tags=[given]))).attributes == {"k": value}


@pytest.mark.parametrize("key", [None, 1, True, ["k"], {}], ids=str)
def test_a_tag_whose_key_is_no_text_is_left_out_and_reported(key: object) -> None:
    odd = {"key": key, "type": "string", "value": "x"}

    loaded = read(jaeger(jaeger_span(tags=[odd, tag("k", "1")])))

    assert loaded.traces[0].spans[0].attributes == {"k": "1"}
    assert [problem.code for problem in loaded.problems] == ["bad_attribute"]


def test_a_repeated_tag_keeps_the_last_value() -> None:
    span = only_span(jaeger(jaeger_span(tags=[tag("k", "1"), tag("k", "2")])))

    assert span.attributes == {"k": "2"}


def test_tags_of_kind_status_and_scope_are_mapped_and_kept() -> None:
    tags = [
        tag("span.kind", "client"),
        tag("otel.status_code", "ERROR"),
        tag("otel.status_description", "no such city"),
        tag("otel.scope.name", "gcp.vertex.agent"),
        tag("otel.scope.version", "1.0"),
    ]

    span = only_span(jaeger(jaeger_span(tags=tags)))

    assert (span.kind, span.status, span.status_message) == (
        "client",
        "error",
        "no such city",
    )
    assert (span.scope.name, span.scope.version) == ("gcp.vertex.agent", "1.0")
    assert span.attributes["span.kind"] == "client"


@pytest.mark.parametrize(
    "given", [tag("error", True, "bool"), tag("error", "true", "bool")]
)
def test_an_error_tag_is_an_error_status(given: dict[str, Any]) -> None:
    assert only_span(jaeger(jaeger_span(tags=[given]))).status == "error"


def test_the_process_is_the_resource() -> None:
    processes = {"p1": {"serviceName": "shop", "tags": [tag("host", "h")]}}

    span = only_span(jaeger(jaeger_span(processID="p1"), processes=processes))

    assert span.resource == {"service.name": "shop", "host": "h"}


def test_logs_are_events() -> None:
    log = {
        "timestamp": START_NS // 1000,
        "fields": [tag("event", "gen_ai.choice"), tag("index", "0", "int64")],
    }

    (event,) = only_span(jaeger(jaeger_span(logs=[log]))).events

    assert (event.name, event.time_ns) == ("gen_ai.choice", START_NS)
    assert event.attributes == {"index": 0}


def test_the_first_child_of_reference_is_the_parent_and_others_are_links() -> None:
    references = [
        {"refType": "FOLLOWS_FROM", "traceID": TRACE_ID, "spanID": "00000000000000b1"},
        {"refType": "CHILD_OF", "traceID": "other", "spanID": "00000000000000b2"},
        {"refType": "CHILD_OF", "traceID": TRACE_ID, "spanID": "00000000000000b3"},
    ]

    span = only_span(jaeger(jaeger_span(references=references)))

    assert span.parent_id == "00000000000000b2"
    assert span.links == (
        SpanLink(trace_id=TRACE_ID, span_id="00000000000000b1"),
        SpanLink(trace_id=TRACE_ID, span_id="00000000000000b3"),
    )


@pytest.mark.parametrize("name", ["tags", "references", "logs"])
def test_null_lists_are_empty(name: str) -> None:
    loaded = read(jaeger(jaeger_span(**{name: None})))

    assert len(loaded.traces[0].spans) == 1
    assert problems(loaded) == []


@pytest.mark.parametrize(
    ("span", "problem"),
    [
        (jaeger_span(tags=[{"key": "k"}]), ("bad_attribute", f"{SPAN}.tags[0]")),
        (jaeger_span(tags=[5]), ("bad_attribute", f"{SPAN}.tags[0]")),
        (
            jaeger_span(tags=[{"key": [], "value": 1}]),
            ("bad_attribute", f"{SPAN}.tags[0]"),
        ),
        (jaeger_span(tags="x"), ("bad_attribute", f"{SPAN}.tags")),
        (jaeger_span(startTime="soon"), ("bad_time", f"{SPAN}.startTime")),
        (jaeger_span(logs=[1]), ("not_an_object", f"{SPAN}.logs[0]")),
    ],
)
def test_a_bad_value_costs_itself(
    span: dict[str, Any], problem: tuple[str, str]
) -> None:
    loaded = read(jaeger(span, jaeger_span("00000000000000bb")))

    assert len(loaded.traces[0].spans) == 2
    assert problems(loaded) == [problem]
    assert loaded.problems[0].span_id == "00000000000000aa"


def test_text_and_number_times_are_sorted_together() -> None:
    late = jaeger_span("00000000000000a1", startTime="1700000000000009")
    early = jaeger_span("00000000000000a2")

    (trace,) = read(jaeger(late, early)).traces

    assert [root.span_id for root in trace.roots] == [
        "00000000000000a2",
        "00000000000000a1",
    ]


@pytest.mark.parametrize(
    "document",
    [
        jaeger(jaeger_span())["data"][0],
        {"data": jaeger(jaeger_span())["data"][0]},
        [jaeger(jaeger_span())],
        jaeger_span(),
        {"trace": jaeger(jaeger_span())},
    ],
    ids=["unwrapped", "data without a list", "array", "span", "in trace"],
)
def test_other_wrappings_are_jaeger_too(document: Any) -> None:
    loaded = read(document)

    assert loaded.format == "jaeger-json"
    assert [span.span_id for span in loaded.traces[0].spans] == ["00000000000000aa"]


def test_entries_of_one_trace_id_are_one_trace() -> None:
    parent = {"refType": "CHILD_OF", "spanID": "00000000000000aa"}
    child = jaeger_span("00000000000000bb", references=[parent])
    entries = jaeger(child)["data"] + jaeger(jaeger_span())["data"]

    (trace,) = read({"data": entries}).traces

    assert [span.span_id for span in trace.roots] == ["00000000000000aa"]
    assert len(trace.children_of(trace.roots[0])) == 1


@pytest.mark.parametrize(
    "document", [{"data": None}, {"data": []}, {"data": 5}, {"data": [{"spans": None}]}]
)
def test_a_document_without_spans_has_no_traces_and_says_so(document: Any) -> None:
    loaded = read(document)

    assert loaded.format == "jaeger-json"
    assert loaded.traces == ()
    assert problems(loaded)[-1] == ("no_spans", "$")


def test_an_export_beside_data_is_preferred_unless_jaeger_is_forced() -> None:
    document = jaeger(jaeger_span()) | otlp(otlp_span(name="from otlp"))

    assert only_span(document).name == "from otlp"
    assert only_span(document, format="jaeger-json").name == "chat gpt-4o"
