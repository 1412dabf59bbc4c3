"""Which trace export a JSON value is, told by its keys alone."""

from __future__ import annotations

from typing import NamedTuple

from evaluation.values import JSON, JSONObject

JAEGER = "jaeger-json"
OTLP = "otlp-json"
OTLP_PROTO = "otlp-proto"
LANGFUSE = "langfuse-json"
FORMATS = (JAEGER, OTLP, OTLP_PROTO, LANGFUSE)

EXPORT_KEYS = (
    "resourceSpans",
    "resource_spans",
    "batches",
    "resourceLogs",
    "resource_logs",
)
SCOPE_KEYS = (
    "scopeSpans",
    "scope_spans",
    "instrumentationLibrarySpans",
    "instrumentation_library_spans",
)
_SPAN_KEYS = frozenset(
    (
        "spanId",
        "span_id",
        "traceId",
        "trace_id",
        "startTimeUnixNano",
        "start_time_unix_nano",
    )
)
# Tempo wraps an export in "trace", query services in "data" or "result".
_WRAPPERS = ("trace", "data", "result")


class Shape(NamedTuple):
    """A format, and the value and path of what is in that format."""

    format: str
    value: JSON
    path: str = ""


def shapes(value: JSON) -> tuple[Shape, ...]:
    """Return every reading of a JSON value, the preferred one first."""
    if not isinstance(value, dict):
        return ()
    return tuple(
        shape for tell in (_langfuse, _otlp, _jaeger) if (shape := tell(value))
    )


def _otlp(value: JSONObject) -> Shape | None:
    wrapped = next(filter(None, (_wrapped(value, key) for key in _WRAPPERS)), None)
    # The wrapper "trace" wins over an export beside it; the others give way.
    if wrapped and (wrapped.path == ".trace" or not is_export(value)):
        return wrapped
    known = is_export(value) or is_span(value) or _holds_spans(value)
    return Shape(OTLP, value) if known else None


def _wrapped(value: JSONObject, key: str) -> Shape | None:
    inner = value.get(key)
    if isinstance(inner, dict) and is_export(inner):
        return Shape(OTLP, inner, f".{key}")
    if isinstance(inner, list) and inner and key != "trace":
        first = inner[0]
        if isinstance(first, dict) and (is_export(first) or is_span(first)):
            return Shape(OTLP, inner, f".{key}")
    return None


def is_export(value: JSONObject) -> bool:
    """Tell whether an object is an OTLP export document or a part of one."""
    return any(key in value for key in (*EXPORT_KEYS, *SCOPE_KEYS))


def is_span(value: JSONObject) -> bool:
    """Tell whether an object is one OTLP or SDK span."""
    if isinstance(value.get("spans"), list):
        return False
    return not _SPAN_KEYS.isdisjoint(value) or isinstance(value.get("context"), dict)


def _holds_spans(value: JSONObject) -> bool:
    spans = value.get("spans")
    if not isinstance(spans, list) or not spans:
        return False
    first = spans[0]
    return isinstance(first, dict) and is_span(first) and "operationName" not in first


def _jaeger(value: JSONObject) -> Shape | None:
    if "data" in value or isinstance(value.get("spans"), list):
        return Shape(JAEGER, value)
    if "spanID" in value:
        return Shape(JAEGER, {"spans": [value]})
    inner = value.get("trace")
    if isinstance(inner, dict) and isinstance(inner.get("data"), list):
        return Shape(JAEGER, inner, ".trace")
    return None


def _langfuse(value: JSONObject) -> Shape | None:
    if "parentObservationId" in value:
        return Shape(LANGFUSE, {"trace": {}, "observations": [value]})
    trace = value.get("trace")
    known = "id" in value if trace is None else isinstance(trace, dict)
    if known and isinstance(value.get("observations"), list):
        return Shape(LANGFUSE, value)
    return None
