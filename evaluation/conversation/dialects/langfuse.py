"""Langfuse: attributes of its OpenTelemetry SDKs, which its export is read into too."""

from __future__ import annotations

from evaluation.conversation.anything import read_anything
from evaluation.conversation.decoding import as_count, as_object
from evaluation.conversation.dialect import Dialect, SpanRole, first_attribute
from evaluation.conversation.messages import Messages
from evaluation.conversation.model import Usage
from evaluation.traces.model import Span
from evaluation.values import JSON, JSONObject

_PREFIX = "langfuse.observation."

_ROLE_OF_TYPE: dict[str, SpanRole] = {
    "agent": "agent",
    "generation": "model",
    "embedding": "embedding",
    "tool": "tool",
}


def _role(span: Span) -> SpanRole | None:
    kind = span.attributes.get(_PREFIX + "type")
    return _ROLE_OF_TYPE.get(kind.lower()) if isinstance(kind, str) else None


def _input(span: Span) -> Messages | None:
    return read_anything(_value(span, "input"), "user")


def _output(span: Span) -> Messages | None:
    return read_anything(_value(span, "output"), "assistant")


def _value(span: Span, name: str) -> JSON:
    """Return what the observation says, for the top one what the whole trace says."""
    value = span.attributes.get(_PREFIX + name)
    if value is not None or span.parent_id is not None:
        return value
    return span.resource.get(f"langfuse.trace.{name}")


def _arguments(span: Span) -> JSON:
    return first_attribute(span.attributes, (_PREFIX + "input",))


def _result(span: Span) -> JSON:
    return first_attribute(span.attributes, (_PREFIX + "output",))


# Names below usage_details differ by the SDK that counted; the first that is there.
_COUNTS = {
    "input": ("input", "prompt_tokens", "input_tokens", "promptTokens"),
    "output": ("output", "completion_tokens", "output_tokens", "completionTokens"),
    "thought": ("output_reasoning", "output_reasoning_tokens", "reasoning_tokens"),
    "cache_read": (
        "input_cached_tokens",
        "input_cache_read",
        "cache_read_input_tokens",
        "input_cached",
    ),
    "cache_creation": ("input_cache_creation", "cache_creation_input_tokens"),
}


def _usage(span: Span) -> Usage | None:
    names = (_PREFIX + "usage_details", _PREFIX + "usage")
    details = as_object(first_attribute(span.attributes, names))
    return _usage_of(details) if details else None


def _usage_of(details: JSONObject) -> Usage:
    counts = {
        field: as_count(first_attribute(details, names))
        for field, names in _COUNTS.items()
    }
    return Usage(**counts)


def _error(span: Span) -> str | None:
    if span.attributes.get(_PREFIX + "level") != "ERROR":
        return None
    message = span.attributes.get(_PREFIX + "status_message")
    return message if isinstance(message, str) else ""


LANGFUSE = Dialect(
    name="langfuse",
    roots=frozenset({"langfuse"}),
    names={
        "request_model": (_PREFIX + "model.name",),
        "conversation_id": ("langfuse.session.id", "session.id"),
    },
    role=_role,
    input=_input,
    output=_output,
    arguments=_arguments,
    result=_result,
    answers=True,
    usage=_usage,
    error=_error,
)
