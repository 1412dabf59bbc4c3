"""OTLP in JSON: export documents, Tempo's, bare spans, log records."""

from __future__ import annotations

from evaluation.traces import ids
from evaluation.traces.attributes import decode_attributes, decode_value
from evaluation.traces.model import (
    LogRecord,
    Scope,
    Span,
    SpanEvent,
    SpanKind,
    SpanLink,
    StatusCode,
)
from evaluation.traces.numbers import nanoseconds
from evaluation.traces.reading import Place
from evaluation.traces.sdk import canonical, canonical_event, canonical_link
from evaluation.traces.shapes import SCOPE_KEYS, is_export
from evaluation.values import JSON, JSONObject

_KINDS: tuple[SpanKind, ...] = (
    "unspecified",
    "internal",
    "server",
    "client",
    "producer",
    "consumer",
)
_STATUSES: tuple[StatusCode, ...] = ("unset", "ok", "error")
_KIND_NAMES: dict[str, SpanKind] = {kind: kind for kind in _KINDS}
_STATUS_NAMES: dict[str, StatusCode] = {status: status for status in _STATUSES}
NO_SCOPE = Scope()


def read(value: JSON, place: Place) -> None:
    """Read an export document, a list of spans or a single span into the reading."""
    if isinstance(value, list):
        for item, suffix in place.objects({"": value}, ""):
            read(item, place.below(suffix.removeprefix(".")))
    elif not is_export(value):
        _read_bare(value, place)
    elif any(key in value for key in SCOPE_KEYS):
        _read_resource(value, place)
    else:
        _read_export(value, place)


def _read_export(document: JSONObject, place: Place) -> None:
    spans = place.objects(document, "resourceSpans", "resource_spans", "batches")
    for resource_spans, suffix in spans:
        _read_resource(resource_spans, place.below(suffix))
    for resource_logs, suffix in place.objects(
        document, "resourceLogs", "resource_logs"
    ):
        _read_logs(resource_logs, place.below(suffix))


def _read_resource(resource_spans: JSONObject, place: Place) -> None:
    resource = _attributes_of(resource_spans.get("resource"), place, ".resource")
    for scope_spans, suffix in place.objects(resource_spans, *SCOPE_KEYS):
        below = place.below(suffix)
        scope = read_scope(scope_spans, below)
        for raw, span_suffix in below.objects(scope_spans, "spans"):
            read_span(raw, below.below(span_suffix), resource, scope)


def _read_bare(value: JSONObject, place: Place) -> None:
    if isinstance(value.get("spans"), list):
        scope = read_scope(value, place)
        for raw, suffix in place.objects(value, "spans"):
            read_span(raw, place.below(suffix), _own_resource(raw, place), scope)
    else:
        read_span(value, place, _own_resource(value, place), read_scope(value, place))


def _own_resource(raw: JSONObject, place: Place) -> dict[str, JSON]:
    return _attributes_of(raw.get("resource"), place, ".resource")


def _attributes_of(holder: JSON, place: Place, suffix: str) -> dict[str, JSON]:
    if not isinstance(holder, dict):
        return {}
    below = place.below(f"{suffix}.attributes")
    return decode_attributes(holder.get("attributes"), below.bad_attribute)


def read_scope(holder: JSONObject, place: Place) -> Scope:
    """Read the scope (or instrumentation library) that ``holder`` names."""
    raw = next(
        (
            scope
            for name in _SCOPE_NAMES
            if isinstance(scope := holder.get(name), dict) and scope
        ),
        None,
    )
    if raw is None:
        return NO_SCOPE
    return Scope(
        name=text(raw.get("name")),
        version=text(raw.get("version")),
        attributes=_attributes_of(raw, place, ".scope"),
    )


_SCOPE_NAMES = (
    "scope",
    "instrumentationLibrary",
    "instrumentation_library",
    "instrumentation_scope",
    "instrumentationScope",
    "instrumentation_info",
)


def read_span(
    raw: JSONObject, place: Place, resource: dict[str, JSON], scope: Scope
) -> None:
    """Read one span, in OTLP's or an SDK's spelling, into the reading."""
    raw = canonical(raw)
    span_id = ids.span_id(raw.get("spanId"))
    place = place.below("", span_id)
    start, end = _times(raw, place)
    status, message = _status(raw.get("status"))
    place.reading.add(
        Span(
            trace_id=ids.trace_id(raw.get("traceId")),
            span_id=span_id,
            parent_id=ids.span_id(raw.get("parentSpanId")) or None,
            name=text(raw.get("name")),
            kind=read_kind(raw.get("kind")),
            start_ns=start,
            end_ns=end,
            status=status,
            status_message=message,
            attributes=_attributes_of(raw, place, ""),
            events=_events(raw, place) if raw.get("events") else (),
            links=_links(raw, place) if raw.get("links") else (),
            resource=resource,
            scope=scope,
        )
    )


def _times(raw: JSONObject, place: Place) -> tuple[int | None, int | None]:
    start = read_time(raw, "startTimeUnixNano", place)
    end = read_time(raw, "endTimeUnixNano", place)
    # Zero is protobuf's "not set": such a span has not ended.
    return start, None if end == 0 and start != 0 else end


def read_time(raw: JSONObject, name: str, place: Place) -> int | None:
    """Read a time in nanoseconds; what cannot be read is noted."""
    value = raw.get(name)
    if value is None:
        return None
    time_ns = nanoseconds(value)
    if time_ns is None:
        place.note("bad_time", f"{str(value)[:40]!r} is no time", f".{name}")
    return time_ns


def _events(raw: JSONObject, place: Place) -> tuple[SpanEvent, ...]:
    events = []
    for item, suffix in place.objects(raw, "events"):
        event = canonical_event(item)
        below = place.below(suffix)
        events.append(
            SpanEvent(
                name=text(event.get("name")),
                time_ns=read_time(event, "timeUnixNano", below),
                attributes=_attributes_of(event, below, ""),
            )
        )
    return tuple(events)


def _links(raw: JSONObject, place: Place) -> tuple[SpanLink, ...]:
    links = []
    for item, suffix in place.objects(raw, "links"):
        link = canonical_link(item)
        links.append(
            SpanLink(
                trace_id=ids.trace_id(link.get("traceId")),
                span_id=ids.span_id(link.get("spanId")),
                attributes=_attributes_of(link, place.below(suffix), ""),
            )
        )
    return tuple(links)


def read_kind(raw: JSON) -> SpanKind:
    """Read a span kind from its number or any spelling of its name."""
    if isinstance(raw, int):
        return _KINDS[raw] if 0 <= raw < len(_KINDS) else "unspecified"
    return _KIND_NAMES.get(_last_word(raw), "unspecified")


def _status(raw: JSON) -> tuple[StatusCode, str]:
    if not isinstance(raw, dict):
        return read_status(raw), ""
    code = raw.get("code", raw.get("status_code", raw.get("statusCode")))
    message = raw.get("message") or raw.get("description")
    return read_status(code), text(message)


def read_status(raw: JSON) -> StatusCode:
    """Read a status code from its number or any spelling of its name."""
    if isinstance(raw, int):
        return _STATUSES[raw] if 0 <= raw < len(_STATUSES) else "unset"
    return _STATUS_NAMES.get(_last_word(raw), "unset")


def _last_word(raw: JSON) -> str:
    """Reduce STATUS_CODE_ERROR, StatusCode.ERROR, ERROR and "error" to "error"."""
    if not isinstance(raw, str):
        return ""
    return raw.replace(".", "_").rsplit("_", 1)[-1].lower()


def text(raw: JSON) -> str:
    """Return text as it is, nothing for null, other scalars written out."""
    if isinstance(raw, str):
        return raw
    return "" if raw is None or isinstance(raw, (dict, list)) else str(raw)


def _read_logs(resource_logs: JSONObject, place: Place) -> None:
    names = ("scopeLogs", "scope_logs", "instrumentationLibraryLogs")
    for scope_logs, suffix in place.objects(resource_logs, *names):
        below = place.below(suffix)
        records = below.objects(scope_logs, "logRecords", "log_records", "logs")
        for raw, record_suffix in records:
            _read_log(canonical_event(raw), below.below(record_suffix))


def _read_log(raw: JSONObject, place: Place) -> None:
    span_id = ids.span_id(raw.get("spanId"))
    place = place.below("", span_id)
    attributes = _attributes_of(raw, place, "")
    time_ns = read_time(raw, "timeUnixNano", place)
    place.reading.add_log(
        LogRecord(
            trace_id=ids.trace_id(raw.get("traceId")),
            span_id=span_id,
            event_name=text(raw.get("eventName") or attributes.get("event.name")),
            time_ns=time_ns or read_time(raw, "observedTimeUnixNano", place),
            body=decode_value(raw.get("body"), place.below(".body").bad_attribute),
            attributes=attributes,
        )
    )
