"""Jaeger's JSON: the UI's download, the query API, a single unwrapped trace."""

from __future__ import annotations

from collections.abc import Callable

from evaluation.traces import ids
from evaluation.traces.model import (
    Scope,
    Span,
    SpanEvent,
    SpanKind,
    SpanLink,
    StatusCode,
)
from evaluation.traces.numbers import integer, microseconds, real
from evaluation.traces.otlp import NO_SCOPE, read_kind, read_status, text
from evaluation.traces.reading import Place
from evaluation.values import JSON, JSONObject

_TRUE = {"true": True, "false": False}


def read(document: JSONObject, place: Place) -> None:
    """Read every trace of the document into the reading."""
    if "data" not in document:
        _read_trace(document, place)
        return
    for entry, suffix in place.objects(document, "data"):
        _read_trace(entry, place.below(suffix))


def _read_trace(entry: JSONObject, place: Place) -> None:
    trace_id = ids.trace_id(entry.get("traceID") or entry.get("traceId"))
    if not entry.get("spans"):
        place.note("empty_trace", f"trace {trace_id or '(no id)'} has no spans")
        return
    processes = _processes(entry.get("processes"), place)
    for raw, suffix in place.objects(entry, "spans"):
        span_id = ids.span_id(raw.get("spanID") or raw.get("spanId"))
        _read_span(raw, place.below(suffix, span_id), trace_id, processes)


def _processes(raw: JSON, place: Place) -> dict[str, dict[str, JSON]]:
    if not isinstance(raw, dict):
        return {}
    return {
        key: _process(process, place.below(f".processes.{key}"))
        for key, process in raw.items()
    }


def _process(raw: JSON, place: Place) -> dict[str, JSON]:
    if not isinstance(raw, dict):
        return {}
    resource = _tags(raw, "tags", place)
    name = text(raw.get("serviceName"))
    return {"service.name": name, **resource} if name else resource


def _read_span(
    raw: JSONObject,
    place: Place,
    trace_id: str,
    processes: dict[str, dict[str, JSON]],
) -> None:
    tags = _tags(raw, "tags", place)
    parent_id, links = _references(raw, place)
    start = _time(raw, "startTime", place)
    duration = _time(raw, "duration", place)
    status, message = _status(tags)
    place.reading.add(
        Span(
            trace_id=trace_id or ids.trace_id(raw.get("traceID") or raw.get("traceId")),
            span_id=place.span_id or "",
            parent_id=parent_id,
            name=text(raw.get("operationName")),
            kind=_kind(tags),
            start_ns=start,
            end_ns=None if start is None or duration is None else start + duration,
            status=status,
            status_message=message,
            attributes=tags,
            events=_events(raw, place) if raw.get("logs") else (),
            links=links,
            resource=_resource(raw, processes, place),
            scope=_scope(tags),
        )
    )


def _resource(
    raw: JSONObject, processes: dict[str, dict[str, JSON]], place: Place
) -> dict[str, JSON]:
    if isinstance(raw.get("process"), dict):
        return _process(raw["process"], place.below(".process"))
    return processes.get(text(raw.get("processID")), {})


def _tags(raw: JSONObject, name: str, place: Place) -> dict[str, JSON]:
    tags: dict[str, JSON] = {}
    items = raw.get(name)
    if isinstance(items, dict):
        return dict(items)
    if not items:
        return tags
    if not isinstance(items, list):
        place.bad_attribute(f".{name}", "tags are no list")
        return tags
    for index, tag in enumerate(items):
        try:
            key, value = tag["key"], _value(tag)
        except (KeyError, TypeError):
            key = value = None
        if isinstance(key, str):
            tags[key] = value
        else:
            message = "a tag needs a key that is text, and a value"
            place.bad_attribute(f".{name}[{index}]", message)
    return tags


def _value(tag: JSONObject) -> JSON:
    """Return a tag's value as its declared type; text that does not fit stays text."""
    value = tag["value"]
    if not isinstance(value, str):
        return value
    convert = _TYPES.get(tag.get("type", "string"))
    converted = convert(value) if convert else None
    return value if converted is None else converted


_TYPES: dict[str, Callable[[str], JSON]] = {
    "int64": integer,
    "long": integer,
    "float64": real,
    "double": real,
    "bool": _TRUE.get,
}


def _time(raw: JSONObject, name: str, place: Place) -> int | None:
    value = raw.get(name)
    time_ns = microseconds(value)
    if time_ns is None and value is not None:
        place.note("bad_time", f"{str(value)[:40]!r} is no time", f".{name}")
    return time_ns


def _references(
    raw: JSONObject, place: Place
) -> tuple[str | None, tuple[SpanLink, ...]]:
    """Return the parent, the first CHILD_OF, and all other references as links."""
    parent_id: str | None = None
    links: list[SpanLink] = []
    for reference, _ in place.objects(raw, "references"):
        span_id = ids.span_id(reference.get("spanID") or reference.get("spanId"))
        if parent_id is None and reference.get("refType") == "CHILD_OF":
            parent_id = span_id
        else:
            trace_id = ids.trace_id(reference.get("traceID"))
            links.append(SpanLink(trace_id=trace_id, span_id=span_id))
    return parent_id or ids.span_id(raw.get("parentSpanID")) or None, tuple(links)


def _kind(tags: dict[str, JSON]) -> SpanKind:
    return read_kind(tags["span.kind"]) if "span.kind" in tags else "unspecified"


def _status(tags: dict[str, JSON]) -> tuple[StatusCode, str]:
    status = read_status(tags.get("otel.status_code"))
    if status == "unset" and tags.get("error") in (True, "true"):
        status = "error"
    return status, text(tags.get("otel.status_description"))


def _scope(tags: dict[str, JSON]) -> Scope:
    name = tags.get("otel.scope.name", tags.get("otel.library.name"))
    version = tags.get("otel.scope.version", tags.get("otel.library.version"))
    if name is None and version is None:
        return NO_SCOPE
    return Scope(name=text(name), version=text(version))


def _events(raw: JSONObject, place: Place) -> tuple[SpanEvent, ...]:
    events = []
    for log, suffix in place.objects(raw, "logs"):
        below = place.below(suffix)
        fields = _tags(log, "fields", below)
        name = text(fields.pop("event", ""))
        time_ns = _time(log, "timestamp", below)
        events.append(SpanEvent(name=name, time_ns=time_ns, attributes=fields))
    return tuple(events)
