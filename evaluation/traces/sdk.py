"""Other spellings of an OTLP span: protobuf's field names, dumps of SDK exporters.

``ReadableSpan.to_json`` of the OpenTelemetry SDKs writes ids into ``context``, the
parent as ``parent_id``, ISO times, and ``SpanKind.INTERNAL``. Each object is renamed to
OTLP's JSON names, so that one reader serves them all.
"""

from __future__ import annotations

from evaluation.traces.numbers import moment
from evaluation.values import JSON, JSONObject

_NAMES = {
    "trace_id": "traceId",
    "span_id": "spanId",
    "parent_span_id": "parentSpanId",
    "parent_id": "parentSpanId",
    "parentId": "parentSpanId",
    "start_time_unix_nano": "startTimeUnixNano",
    "end_time_unix_nano": "endTimeUnixNano",
    "time_unix_nano": "timeUnixNano",
    "observed_time_unix_nano": "observedTimeUnixNano",
    "event_name": "eventName",
    "span_kind": "kind",
}
# Their names leave the unit open.
_TIMES = {
    "start_time": "startTimeUnixNano",
    "startTime": "startTimeUnixNano",
    "end_time": "endTimeUnixNano",
    "endTime": "endTimeUnixNano",
    "timestamp": "timeUnixNano",
}


def canonical(raw: JSONObject) -> JSONObject:
    """Return a span under OTLP's names; the same object when it already is."""
    if "spanId" in raw and "startTimeUnixNano" in raw:
        return raw
    return _status(_renamed(raw))


def canonical_event(raw: JSONObject) -> JSONObject:
    """Return an event or log record under OTLP's names."""
    return raw if "timeUnixNano" in raw else _renamed(raw)


def canonical_link(raw: JSONObject) -> JSONObject:
    """Return a link under OTLP's names."""
    return raw if "spanId" in raw else _renamed(raw)


def _renamed(raw: JSONObject) -> JSONObject:
    renamed: JSONObject = {}
    context = raw.get("context")
    if isinstance(context, dict):
        renamed = {
            _NAMES.get(str(key), str(key)): value for key, value in context.items()
        }
    for key, value in raw.items():
        if key in _TIMES:
            renamed.setdefault(_TIMES[key], _moment(value))
        else:
            renamed[_NAMES.get(key, key)] = value
    return renamed


def _moment(value: JSON) -> JSON:
    time_ns = moment(value)
    # What cannot be read stays, so that the reader names it in its problem.
    return value if time_ns is None else time_ns


def _status(raw: JSONObject) -> JSONObject:
    """Gather a status that some dumps spread over the span itself."""
    if "status" in raw or "status_code" not in raw:
        return raw
    status = {"code": raw["status_code"], "message": raw.get("status_message")}
    return raw | {"status": status}
