"""Small documents that the tests of this folder read."""

from __future__ import annotations

import json
from typing import Any

from evaluation.traces.load import load
from evaluation.traces.model import LoadedTraces, Span

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
START_NS = 1_700_000_000_000_000_000


def otlp_span(span_id: str = "00000000000000aa", **fields: Any) -> dict[str, Any]:
    """Make an OTLP span of 0.1 s; ``fields`` replace or add members."""
    span = {
        "traceId": TRACE_ID,
        "spanId": span_id,
        "name": "chat gpt-4o",
        "startTimeUnixNano": str(START_NS),
        "endTimeUnixNano": str(START_NS + 100_000_000),
    }
    return span | fields


def otlp(*spans: Any, **fields: Any) -> dict[str, Any]:
    """Wrap spans in an export document; ``fields`` go to the resource's entry."""
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]} | fields]}


def jaeger_span(span_id: str = "00000000000000aa", **fields: Any) -> dict[str, Any]:
    """Make a Jaeger span of 0.1 s."""
    span = {
        "traceID": TRACE_ID,
        "spanID": span_id,
        "operationName": "chat gpt-4o",
        "startTime": START_NS // 1000,
        "duration": 100_000,
    }
    return span | fields


def jaeger(*spans: Any, **fields: Any) -> dict[str, Any]:
    """Wrap spans in a Jaeger document of one trace."""
    return {"data": [{"traceID": TRACE_ID, "spans": list(spans)} | fields]}


def read(document: Any, **options: Any) -> LoadedTraces:
    """Load a document given as JSON values."""
    return load(json.dumps(document).encode(), **options)


def only_span(document: Any, **options: Any) -> Span:
    """Load a document that holds a single span."""
    (trace,) = read(document, **options).traces
    (span,) = trace.spans
    return span


def problems(loaded: LoadedTraces) -> list[tuple[str, str | None]]:
    """List the codes and paths of all problems, those of traces included."""
    own = [problem for trace in loaded.traces for problem in trace.problems]
    return [(problem.code, problem.path) for problem in (*loaded.problems, *own)]
