"""Langfuse's export of one trace: ``{"trace": …, "observations": […]}``.

An observation becomes a span. Observations that Langfuse itself received as
OpenTelemetry keep the original attributes, resource and scope in their metadata; these
are taken as they are. Everything else gets the attribute names that Langfuse's own
OpenTelemetry SDK writes (``langfuse.observation.*``); facts of the whole trace stand on
the resource (``langfuse.trace.*``, ``session.id``, ``user.id``).
"""

from __future__ import annotations

import msgspec

from evaluation.traces import ids
from evaluation.traces.attributes import decode_attributes
from evaluation.traces.model import Scope, Span, StatusCode
from evaluation.traces.numbers import moment
from evaluation.traces.otlp import NO_SCOPE, text
from evaluation.traces.reading import Place
from evaluation.values import JSON, JSONObject

_OBSERVATION = {
    "type": "langfuse.observation.type",
    "input": "langfuse.observation.input",
    "output": "langfuse.observation.output",
    "level": "langfuse.observation.level",
    "statusMessage": "langfuse.observation.status_message",
    "model": "langfuse.observation.model.name",
    "modelParameters": "langfuse.observation.model.parameters",
    "usageDetails": "langfuse.observation.usage_details",
    "usage": "langfuse.observation.usage",
    "costDetails": "langfuse.observation.cost_details",
    "completionStartTime": "langfuse.observation.completion_start_time",
    "promptName": "langfuse.observation.prompt.name",
    "promptVersion": "langfuse.observation.prompt.version",
    "version": "langfuse.version",
    "environment": "langfuse.environment",
    "metadata": "langfuse.observation.metadata",
}
_TRACE = {
    "name": "langfuse.trace.name",
    "input": "langfuse.trace.input",
    "output": "langfuse.trace.output",
    "metadata": "langfuse.trace.metadata",
    "tags": "langfuse.trace.tags",
    "sessionId": "session.id",
    "userId": "user.id",
    "release": "langfuse.release",
    "version": "langfuse.version",
    "environment": "langfuse.environment",
}


def read(document: JSONObject, place: Place) -> None:
    """Read every observation of the document into the reading."""
    trace = document.get("trace")
    facts: JSONObject = trace if isinstance(trace, dict) else document
    trace_id = ids.trace_id(facts.get("id"))
    resource = _renamed(facts, _TRACE)
    if not document["observations"]:
        place.note("empty_trace", f"trace {trace_id or '(no id)'} has no observations")
    for raw, suffix in place.objects(document, "observations"):
        _read_observation(raw, place.below(suffix), trace_id, resource)


def _renamed(raw: JSONObject, names: dict[str, str]) -> dict[str, JSON]:
    return {
        name: raw[key] for key, name in names.items() if raw.get(key) not in (None, "")
    }


def _read_observation(
    raw: JSONObject, place: Place, trace_id: str, resource: dict[str, JSON]
) -> None:
    span_id = ids.span_id(raw.get("id"))
    place = place.below("", span_id)
    start = _time(raw, "startTime", place)
    end = _time(raw, "endTime", place)
    metadata = _metadata(raw.get("metadata"))
    place.reading.add(
        Span(
            trace_id=ids.trace_id(raw.get("traceId")) or trace_id,
            span_id=span_id,
            parent_id=ids.span_id(raw.get("parentObservationId")) or None,
            name=text(raw.get("name")),
            start_ns=start,
            # An event is a moment: it has no end of its own.
            end_ns=start if end is None and raw.get("type") == "EVENT" else end,
            status=_status(raw),
            status_message=text(raw.get("statusMessage")),
            attributes=_renamed(raw, _OBSERVATION)
            | decode_attributes(metadata.get("attributes")),
            resource=resource | decode_attributes(metadata.get("resourceAttributes")),
            scope=_scope(metadata.get("scope")),
        )
    )


def _metadata(raw: JSON) -> JSONObject:
    """Return metadata as an object; some exports hold it as JSON text."""
    if isinstance(raw, str):
        try:
            raw = msgspec.json.decode(raw.encode())
        except (msgspec.MsgspecError, RecursionError):
            return {}
    return raw if isinstance(raw, dict) else {}


def _time(raw: JSONObject, name: str, place: Place) -> int | None:
    value = raw.get(name)
    time_ns = moment(value)
    if time_ns is None and value is not None:
        place.note("bad_time", f"{str(value)[:40]!r} is no time", f".{name}")
    return time_ns


def _status(raw: JSONObject) -> StatusCode:
    return "error" if raw.get("level") == "ERROR" else "unset"


def _scope(raw: JSON) -> Scope:
    if not isinstance(raw, dict):
        return NO_SCOPE
    return Scope(
        name=text(raw.get("name")),
        version=text(raw.get("version")),
        attributes=decode_attributes(raw.get("attributes")),
    )
