"""OpenInference: flattened messages, input and output values, span kinds."""

from __future__ import annotations

from evaluation.conversation.anything import read_anything
from evaluation.conversation.chat import read_message
from evaluation.conversation.decoding import MISSING, as_object, decode
from evaluation.conversation.dialect import (
    Attributes,
    Dialect,
    SpanRole,
    first_attribute,
)
from evaluation.conversation.flattened import unflatten
from evaluation.conversation.messages import Message, Messages
from evaluation.traces.model import Span
from evaluation.values import JSON, JSONObject

_KIND = "openinference.span.kind"

_ROLE_OF_KIND: dict[str, SpanRole] = {
    "AGENT": "agent",
    "LLM": "model",
    "EMBEDDING": "embedding",
    "TOOL": "tool",
}


def _role(span: Span) -> SpanRole | None:
    kind = span.attributes.get(_KIND)
    if kind == "CHAIN" and span.parent_id is None and "input.value" in span.attributes:
        return "workflow"
    return _ROLE_OF_KIND.get(kind) if isinstance(kind, str) else None


def _input(span: Span) -> Messages | None:
    return _read(span.attributes, "llm.input_messages.", "input.value", "user")


def _output(span: Span) -> Messages | None:
    attributes = span.attributes
    return _read(attributes, "llm.output_messages.", "output.value", "assistant")


def _read(
    attributes: Attributes, prefix: str, value: str, role: str
) -> Messages | None:
    if _KIND not in attributes:
        return None
    items = unflatten(attributes, prefix)
    if items:
        return tuple(read_message(_unwrap(item), role) for item in items)
    found = attributes.get(value)
    return None if found is None else _plain(attributes, found, value, role)


def _plain(
    attributes: Attributes, found: JSON, value: str, role: str
) -> Messages | None:
    mime = attributes.get(value.replace(".value", ".mime_type"))
    if mime == "text/plain" and isinstance(found, str):
        return (Message(role=role, text=found or None),)
    return read_anything(found, role)


def _unwrap(item: JSON) -> JSONObject:
    """Take the wrappers off: message, message_content, tool_call."""
    message = item.get("message", item) if isinstance(item, dict) else {}
    if not isinstance(message, dict):
        return {}
    contents = message.get("contents")
    calls = message.get("tool_calls")
    found = dict(message)
    if "content" not in found and isinstance(contents, list):
        found["content"] = [_inner(part, "message_content") for part in contents]
    elif isinstance(found.get("content"), list):
        texts = [text for text in found["content"] if isinstance(text, str)]
        found["content"] = " ".join(texts)
    if isinstance(calls, list):
        found["tool_calls"] = [_inner(call, "tool_call") for call in calls]
    return found


def _inner(item: JSON, name: str) -> JSON:
    return item.get(name, item) if isinstance(item, dict) else item


def _arguments(span: Span) -> JSON:
    names = ("input.value", "tool.parameters", "tool_call.function.arguments")
    for name in names:
        value = span.attributes.get(name)
        if value not in (None, ""):
            return _arguments_of(value, span.attributes.get("tool.parameters"))
    return MISSING


def _arguments_of(value: JSON, parameters: JSON) -> JSON:
    """Take the arguments out of what smolagents records: args, kwargs and more."""
    decoded = decode(value)
    if not isinstance(decoded, dict) or not isinstance(decoded.get("kwargs"), dict):
        return value
    positional = decoded.get("args")
    if not isinstance(positional, list):
        return decoded["kwargs"]
    names = as_object(parameters) or {}
    return {**dict(zip(names, positional, strict=False)), **decoded["kwargs"]}


def _result(span: Span) -> JSON:
    value = first_attribute(span.attributes, ("output.value",))
    decoded = decode(value)
    if isinstance(decoded, dict) and decoded.get("type") == "tool":
        return decoded.get("content", MISSING)  # LangChain's tool message
    return value


OPENINFERENCE = Dialect(
    name="openinference",
    roots=frozenset({"openinference"}),
    names={
        "agent_name": ("agent.name", "graph.node.id"),
        "request_model": ("llm.model_name", "embedding.model_name"),
        "provider": ("llm.provider", "llm.system"),
        "tool_name": ("tool.name", "tool_call.function.name"),
        "call_id": ("tool.id", "tool_call.id"),
        "conversation_id": ("session.id",),
        "input": ("llm.token_count.prompt",),
        "output": ("llm.token_count.completion",),
        "thought": ("llm.token_count.completion_details.reasoning",),
        "cache_read": ("llm.token_count.prompt_details.cache_read",),
        "cache_creation": ("llm.token_count.prompt_details.cache_write",),
    },
    role=_role,
    input=_input,
    output=_output,
    arguments=_arguments,
    result=_result,
    answers=True,
)
