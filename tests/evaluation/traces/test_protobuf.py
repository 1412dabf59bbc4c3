"""OTLP's binary protobuf reads like its JSON."""

from __future__ import annotations

import gzip
import subprocess
import sys

import pytest
from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    InstrumentationScope,
    KeyValue,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import (
    ResourceSpans,
    ScopeSpans,
    Span,
    Status,
    TracesData,
)

from evaluation.errors import TraceFormatError
from evaluation.traces.load import detect_format, load
from tests.evaluation.traces.documents import START_NS, TRACE_ID


def attribute(key: str, value: AnyValue) -> KeyValue:
    return KeyValue(key=key, value=value)


def request() -> bytes:
    items = ArrayValue(values=[AnyValue(string_value="a"), AnyValue(int_value=2**60)])
    span = Span(
        trace_id=bytes.fromhex(TRACE_ID),
        span_id=bytes.fromhex("00000000000000aa"),
        parent_span_id=bytes.fromhex("00000000000000bb"),
        name="chat gpt-4o",
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=START_NS,
        end_time_unix_nano=START_NS + 5,
        attributes=[
            attribute("list", AnyValue(array_value=items)),
            attribute("bytes", AnyValue(bytes_value=b"\x01\x02")),
            attribute("nan", AnyValue(double_value=float("inf"))),
        ],
        status=Status(code=Status.STATUS_CODE_ERROR, message="boom"),
    )
    scope = ScopeSpans(scope=InstrumentationScope(name="s"), spans=[span])
    resource = Resource(
        attributes=[attribute("service.name", AnyValue(string_value="x"))]
    )
    entry = ResourceSpans(resource=resource, scope_spans=[scope])
    return TracesData(resource_spans=[entry]).SerializeToString()


@pytest.mark.parametrize("content", [request(), gzip.compress(request(), mtime=0)])
def test_a_request_is_read_losslessly(content: bytes) -> None:
    loaded = load(content)

    (span,) = loaded.traces[0].spans
    assert loaded.format == detect_format(content) == "otlp-proto"
    assert (span.trace_id, span.span_id) == (TRACE_ID, "00000000000000aa")
    assert span.parent_id == "00000000000000bb"
    assert (span.kind, span.status, span.status_message) == ("client", "error", "boom")
    assert (span.start_ns, span.duration_ns) == (START_NS, 5)
    assert span.attributes == {
        "list": ["a", 2**60],
        "bytes": "AQI=",
        "nan": float("inf"),
    }
    assert span.resource == {"service.name": "x"}
    assert span.scope.name == "s"


@pytest.mark.parametrize(
    "content",
    [
        request()[:-1],
        request() + b"\x0a",
        b"\x0a\x00",
        b"\x0a\xff",
        b"\x0a\x02\xff\xff",
    ],
)
def test_damaged_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(TraceFormatError):
        load(content)


def test_json_traces_do_not_import_protobuf() -> None:
    code = (
        "import sys; from evaluation.traces.load import load; load(b'[]'); "
        "print('google.protobuf' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"
