"""OTLP in JSON, in all its shapes and spellings."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evaluation.traces.load import load
from tests.evaluation.traces.documents import (
    START_NS,
    TRACE_ID,
    only_span,
    otlp,
    otlp_span,
    problems,
    read,
)

SPAN = "$.resourceSpans[0].scopeSpans[0].spans[0]"
SCOPE_SPANS = [{"scope": {"name": "s", "version": "1"}, "spans": [otlp_span()]}]
LIBRARY_SPANS = [
    {"instrumentationLibrary": {"name": "s", "version": "1"}, "spans": [otlp_span()]}
]
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
ENTRY = {"resource": RESOURCE, "scopeSpans": SCOPE_SPANS}
SNAKE_SPAN = {
    "trace_id": TRACE_ID,
    "span_id": "00000000000000aa",
    "name": "chat gpt-4o",
    "start_time_unix_nano": START_NS,
    "end_time_unix_nano": START_NS + 100_000_000,
}


@pytest.mark.parametrize(
    "document",
    [
        {"resourceSpans": [ENTRY]},
        {"resourceSpans": ENTRY},
        {"batches": [ENTRY]},
        {"resourceSpans": None, "batches": [ENTRY]},
        {"trace": {"batches": [ENTRY]}, "resourceSpans": []},
        {"data": {"resourceSpans": [ENTRY]}},
        {"data": [{"resourceSpans": [ENTRY]}]},
        {"result": {"resourceSpans": [ENTRY]}},
        [{"resourceSpans": [ENTRY]}],
        ENTRY,
        {
            "batches": [
                {"resource": RESOURCE, "instrumentationLibrarySpans": LIBRARY_SPANS}
            ]
        },
        {
            "resourceSpans": [
                {
                    "resource": RESOURCE,
                    "scopeSpans": [],
                    "instrumentationLibrarySpans": LIBRARY_SPANS,
                }
            ]
        },
        {
            "resource_spans": [
                {
                    "resource": RESOURCE,
                    "scope_spans": [
                        {"scope": SCOPE_SPANS[0]["scope"], "spans": [SNAKE_SPAN]}
                    ],
                }
            ]
        },
    ],
)
def test_export_documents_of_all_shapes_hold_the_same_span(document: Any) -> None:
    loaded = read(document)

    (span,) = loaded.traces[0].spans
    assert loaded.format == "otlp-json"
    assert (span.trace_id, span.span_id) == (TRACE_ID, "00000000000000aa")
    assert (span.start_ns, span.duration_ns) == (START_NS, 100_000_000)
    assert (span.scope.name, span.scope.version) == ("s", "1")
    assert span.resource == {"service.name": "shop"}
    assert problems(loaded) == []


@pytest.mark.parametrize(
    "document", [otlp_span(), [otlp_span()], {"spans": [otlp_span()]}, SNAKE_SPAN]
)
def test_bare_spans_are_read(document: Any) -> None:
    assert only_span(document).name == "chat gpt-4o"


def test_attributes_of_span_scope_and_resource_stay_apart() -> None:
    model = [{"key": "gen_ai.request.model", "value": {"stringValue": "resource"}}]
    attributes = {"gen_ai.request.model": "span"}
    document = otlp(otlp_span(attributes=attributes), resource={"attributes": model})

    span = only_span(document)

    assert span.attributes == {"gen_ai.request.model": "span"}
    assert span.resource == {"gen_ai.request.model": "resource"}


def test_kind_status_events_and_links_are_kept() -> None:
    span = only_span(
        otlp(
            otlp_span(
                kind=3,
                status={"code": 2, "message": "boom"},
                events=[
                    {"name": "exception", "timeUnixNano": "5", "attributes": {"a": 1}}
                ],
                links=[{"traceId": TRACE_ID, "spanId": "00000000000000bb"}],
            )
        )
    )

    assert (span.kind, span.status, span.status_message) == ("client", "error", "boom")
    assert [(e.name, e.time_ns, e.attributes) for e in span.events] == [
        ("exception", 5, {"a": 1})
    ]
    assert [link.span_id for link in span.links] == ["00000000000000bb"]


@pytest.mark.parametrize(
    "kind", [1, "SPAN_KIND_INTERNAL", "SpanKind.INTERNAL", "internal", "INTERNAL"]
)
def test_kinds_are_read_in_any_spelling(kind: Any) -> None:
    assert only_span(otlp(otlp_span(kind=kind))).kind == "internal"


@pytest.mark.parametrize(
    "status",
    [
        {"code": "STATUS_CODE_ERROR"},
        {"status_code": "ERROR"},
        {"status_code": "StatusCode.ERROR"},
        "error",
    ],
)
def test_statuses_are_read_in_any_spelling(status: Any) -> None:
    assert only_span(otlp(otlp_span(status=status))).status == "error"


@pytest.mark.parametrize("end", [None, 0, "0", "never"])
def test_a_span_without_an_end_is_unfinished(end: Any) -> None:
    span = only_span(otlp(otlp_span(endTimeUnixNano=end)))

    assert span.end_ns is None
    assert span.duration_ns is None


def test_reversed_times_give_no_negative_duration() -> None:
    assert only_span(otlp(otlp_span(endTimeUnixNano="5"))).duration_ns == 0


def test_iso_times_are_read() -> None:
    span = only_span(otlp(otlp_span(startTimeUnixNano="2023-11-14T22:13:20Z")))

    assert span.duration_ns == 100_000_000


@pytest.mark.parametrize(
    ("span", "problem"),
    [
        (
            otlp_span(startTimeUnixNano="soon"),
            ("bad_time", f"{SPAN}.startTimeUnixNano"),
        ),
        (otlp_span(events=[3]), ("not_an_object", f"{SPAN}.events[0]")),
        (otlp_span(events="x"), ("not_a_list", f"{SPAN}.events")),
        (
            otlp_span(attributes=[{"key": "n", "value": {"intValue": "1.5"}}]),
            ("bad_attribute", f"{SPAN}.attributes[0]"),
        ),
        (otlp_span(attributes=4), ("bad_attribute", f"{SPAN}.attributes")),
        ("text", ("not_an_object", SPAN)),
    ],
)
def test_a_bad_item_costs_itself_and_says_where(
    span: Any, problem: tuple[str, str]
) -> None:
    loaded = read(otlp(span, otlp_span("00000000000000bb")), name="f.json")

    assert loaded.traces[0].spans[-1].span_id == "00000000000000bb"
    assert problems(loaded) == [problem]
    assert loaded.problems[0].file == "f.json"


@pytest.mark.parametrize("name", ["attributes", "events", "links", "status", "kind"])
def test_null_members_are_absent(name: str) -> None:
    loaded = read(otlp(otlp_span(**{name: None})))

    assert len(loaded.traces[0].spans) == 1
    assert problems(loaded) == []


@pytest.mark.parametrize(
    "document",
    [
        {"resourceSpans": []},
        {"resourceSpans": None},
        {"resourceSpans": [{"resource": None, "scopeSpans": [{"spans": None}]}]},
        {"resourceLogs": []},
        [],
    ],
)
def test_a_document_without_spans_has_no_traces_and_says_so(document: Any) -> None:
    loaded = read(document)

    assert loaded.format == "otlp-json"
    assert loaded.traces == ()
    assert problems(loaded) == [("no_spans", "$")]


def test_hex_and_base64_ids_of_one_span_meet() -> None:
    child = otlp_span("00000000000000bb", parentSpanId="EBESExQVFhc=")
    parent = otlp_span("1011121314151617", traceId=TRACE_ID.upper())

    (trace,) = read(otlp(child, parent)).traces

    assert [root.span_id for root in trace.roots] == ["1011121314151617"]


def test_spans_without_any_id_are_all_kept_as_roots() -> None:
    loaded = read(otlp({"name": "x"}, {"name": "y", "parentSpanId": ""}, {}))

    assert [root.name for root in loaded.traces[0].roots] == ["x", "y", ""]
    assert [code for code, _ in problems(loaded)] == ["missing_span_id"] * 3


def test_an_sdk_dump_is_read() -> None:
    dump = {
        "name": "chat gpt-4o",
        "context": {
            "trace_id": f"0x{TRACE_ID}",
            "span_id": "0x00000000000000aa",
            "trace_state": "[]",
        },
        "kind": "SpanKind.CLIENT",
        "parent_id": "0x00000000000000bb",
        "start_time": "2023-11-14T22:13:20.000000Z",
        "end_time": "2023-11-14T22:13:20.100000Z",
        "status": {"status_code": "ERROR", "description": "boom"},
        "attributes": {"gen_ai.request.model": "gpt-4o"},
        "events": [
            {"name": "e", "timestamp": "2023-11-14T22:13:20.050000Z", "attributes": {}}
        ],
        "links": [
            {"context": {"trace_id": "0x1", "span_id": "0xbc"}, "attributes": {}}
        ],
        "resource": {"attributes": {"service.name": "shop"}, "schema_url": ""},
    }

    span = only_span(dump)

    assert (span.trace_id, span.span_id) == (TRACE_ID, "00000000000000aa")
    assert (span.parent_id, span.kind) == ("00000000000000bb", "client")
    assert (span.start_ns, span.duration_ns) == (START_NS, 100_000_000)
    assert (span.status, span.status_message) == ("error", "boom")
    assert span.attributes["gen_ai.request.model"] == "gpt-4o"
    assert span.events[0].time_ns == START_NS + 50_000_000
    assert span.links[0].span_id == "bc"
    assert span.resource["service.name"] == "shop"


def test_a_flat_dump_with_its_status_on_the_span_is_read() -> None:
    span = only_span(
        [
            SNAKE_SPAN
            | {"span_kind": "LLM", "status_code": "ERROR", "status_message": "m"}
        ]
    )

    assert (span.kind, span.status, span.status_message) == (
        "unspecified",
        "error",
        "m",
    )


def test_lines_may_mix_exports_spans_and_rubbish() -> None:
    lines = [
        json.dumps({"resourceSpans": [ENTRY]}),
        "",
        json.dumps(otlp_span("00000000000000bb", name="a\u2028b"), ensure_ascii=False),
        "7",
        "{cut off",
    ]

    loaded = load("\r\n".join(lines).encode())

    assert [span.name for span in loaded.traces[0].spans] == ["chat gpt-4o", "a\u2028b"]
    assert sorted((p.code, p.line) for p in loaded.problems) == [
        ("invalid_json", 5),
        ("not_a_trace", 4),
    ]


def test_log_records_join_their_spans() -> None:
    record = {
        "traceId": TRACE_ID.upper(),
        "spanId": "00000000000000AA",
        "timeUnixNano": "7",
        "body": {
            "kvlistValue": {"values": [{"key": "c", "value": {"stringValue": "x"}}]}
        },
        "attributes": [
            {"key": "event.name", "value": {"stringValue": "gen_ai.choice"}}
        ],
    }
    stranger = {"traceId": TRACE_ID, "observedTimeUnixNano": "9", "eventName": "e"}
    logs = [{"scopeLogs": [{"logRecords": [record, stranger]}]}]

    loaded = read(otlp(otlp_span()) | {"resourceLogs": logs})

    (joined,) = loaded.traces[0].spans[0].logs
    assert (joined.event_name, joined.time_ns, joined.body) == (
        "gen_ai.choice",
        7,
        {"c": "x"},
    )
    assert [(log.event_name, log.time_ns) for log in loaded.logs] == [("e", 9)]
