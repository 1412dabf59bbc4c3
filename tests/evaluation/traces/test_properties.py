"""No content makes the reader raise anything but its own refusal."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from evaluation.errors import TraceFormatError
from evaluation.traces.load import detect_format, load
from evaluation.traces.model import LoadedTraces
from tests.evaluation.traces.documents import jaeger, jaeger_span, otlp, otlp_span

NAMES = st.sampled_from(
    [
        "data",
        "spans",
        "trace",
        "resourceSpans",
        "batches",
        "scopeSpans",
        "resource",
        "scope",
        "attributes",
        "key",
        "value",
        "stringValue",
        "intValue",
        "doubleValue",
        "arrayValue",
        "kvlistValue",
        "values",
        "traceId",
        "spanId",
        "parentSpanId",
        "traceID",
        "spanID",
        "references",
        "refType",
        "tags",
        "logs",
        "fields",
        "processes",
        "startTimeUnixNano",
        "endTimeUnixNano",
        "startTime",
        "duration",
        "events",
        "links",
        "status",
        "code",
        "kind",
        "context",
        "observations",
        "id",
        "metadata",
        "resourceLogs",
        "scopeLogs",
        "logRecords",
        "body",
    ]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["1", "1.5", "CHILD_OF", "2023-11-14T22:13:20Z", "=" * 12])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=30,
)
RICH = [
    otlp(
        otlp_span(
            attributes=[{"key": "a", "value": {"arrayValue": {"values": [{}]}}}],
            events=[{"name": "e", "timeUnixNano": "1", "attributes": {"x": {"y": 1}}}],
            links=[{"traceId": "t", "spanId": "s"}],
            status={"code": 2},
        ),
        resource={"attributes": []},
    )
    | {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {}}]}]}]},
    jaeger(
        jaeger_span(
            tags=[{"key": "error", "type": "bool", "value": "true"}],
            references=[{"refType": "CHILD_OF", "spanID": "a"}],
            logs=[{"timestamp": 1, "fields": [{"key": "event", "value": "e"}]}],
            processID="p",
        ),
        processes={"p": {"serviceName": "x", "tags": []}},
    ),
    {
        "trace": {"id": "t", "metadata": {}},
        "observations": [{"id": "a", "metadata": {"scope": {}, "attributes": {}}}],
    },
    {
        "name": "x",
        "context": {"trace_id": "0x1", "span_id": "0x2"},
        "status": {"status_code": "OK"},
        "start_time": "2023-11-14T22:13:20Z",
        "resource": {"attributes": {}},
    },
]


def read_or_refuse(content: bytes) -> LoadedTraces | None:
    """Load, check what every result promises, and return it; None when refused."""
    try:
        loaded = load(content)
    except TraceFormatError:
        return None
    assert loaded.format == detect_format(content)
    for trace in loaded.traces:
        reached = len(trace.roots) + sum(map(len, trace.children.values()))
        assert (
            reached == len(trace.spans) == len({span.span_id for span in trace.spans})
        )
        assert all(span.trace_id == trace.trace_id for span in trace.spans)
    return loaded


def mutated(document: Any, chance: random.Random, replacement: Any) -> Any:
    """Return a copy in which one member, anywhere, is replaced or left out."""
    copy = json.loads(json.dumps(document))
    places: list[tuple[Any, Any]] = []
    pending = [copy]
    while pending:
        holder = pending.pop()
        keys = holder.keys() if isinstance(holder, dict) else range(len(holder))
        for key in list(keys):
            places.append((holder, key))
            if isinstance(holder[key], (dict, list)):
                pending.append(holder[key])
    holder, key = chance.choice(places)
    if chance.random() < 0.3:
        del holder[key]
    else:
        holder[key] = replacement
    return copy


@given(VALUES)
def test_any_json_is_read_or_refused(value: Any) -> None:
    read_or_refuse(json.dumps(value).encode())


@given(st.lists(VALUES, max_size=4))
def test_any_json_lines_are_read_or_refused(values: list[Any]) -> None:
    read_or_refuse("\n".join(map(json.dumps, values)).encode())


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"\x1f\x8b", b"\n", b"{", b"\xff\xfe"]),
)
def test_any_bytes_are_read_or_refused(tail: bytes, head: bytes) -> None:
    read_or_refuse(head + tail)


@given(st.sampled_from(RICH), st.randoms(use_true_random=False), VALUES)
def test_mutated_traces_are_read_or_refused(
    document: Any, chance: random.Random, replacement: Any
) -> None:
    read_or_refuse(json.dumps(mutated(document, chance, replacement)).encode())


@given(st.sampled_from(RICH), st.integers(0, 2_000), st.binary(max_size=3))
def test_damaged_bytes_are_read_or_refused(
    document: Any, position: int, noise: bytes
) -> None:
    content = json.dumps(document).encode()
    read_or_refuse(content[:position] + noise + content[position + len(noise) :])


@given(st.sampled_from(RICH), st.text(max_size=20))
def test_whatever_text_was_read_can_be_written_as_json(
    document: Any, text: str
) -> None:
    broken = json.dumps(document).replace('"x"', json.dumps(text + "\ud800"))

    loaded = read_or_refuse(broken.encode())

    assert loaded is not None
    assert msgspec.json.encode(loaded)
