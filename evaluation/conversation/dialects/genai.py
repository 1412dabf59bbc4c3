"""OpenTelemetry's GenAI conventions: current names, deprecated ones, and events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluation.conversation.anything import read_anything
from evaluation.conversation.chat import read_message, read_messages
from evaluation.conversation.decoding import MISSING, decode, decode_container
from evaluation.conversation.dialect import Dialect, SpanRole
from evaluation.conversation.messages import Messages
from evaluation.traces.model import Span
from evaluation.values import JSON, JSONObject

_INPUT = "gen_ai.input.messages"
_OUTPUT = "gen_ai.output.messages"

_ROLE_OF_OPERATION: dict[str, SpanRole] = {
    "invoke_agent": "agent",
    "invoke_workflow": "workflow",
    "conversation": "workflow",
    "execute_tool": "tool",
    "chat": "model",
    "text_completion": "model",
    "generate_content": "model",
    "embeddings": "embedding",
}

# Making an agent is no run of it, though the span names its model.
_SETUP = "create_agent"

_MODEL_NAMES = ("gen_ai.request.model", "gen_ai.response.model")


def _role(span: Span) -> SpanRole | None:
    attributes = span.attributes
    operation = attributes.get("gen_ai.operation.name")
    known = _ROLE_OF_OPERATION.get(operation) if isinstance(operation, str) else None
    if known or operation == _SETUP:
        return known
    if attributes.get("gen_ai.tool.name"):
        return "tool"
    if any(attributes.get(name) is not None for name in _MODEL_NAMES):
        return "model"
    if operation not in (None, ""):
        return None
    return "agent" if _INPUT in attributes or _OUTPUT in attributes else None


def _input(span: Span) -> Messages | None:
    found = _messages(span, _INPUT, _INPUT_EVENTS)
    return _first_messages(span, "gen_ai.prompt", "user") if found is None else found


def _output(span: Span) -> Messages | None:
    found = _messages(span, _OUTPUT, _OUTPUT_EVENTS)
    if found is not None:
        return found
    return _first_messages(span, "gen_ai.completion", "assistant")


def _messages(span: Span, name: str, roles: Mapping[str, str]) -> Messages | None:
    """Read messages from the span, else from an event or log, else one an event."""
    value = span.attributes.get(name)
    if value is not None:
        return read_messages(value) or ()
    events = list(_events(span))
    for _, attributes in events:
        messages = read_messages(attributes.get(name))
        if messages:
            return messages
    found = [
        read_message(_event_item(attributes), roles[event])
        for event, attributes in events
        if event in roles
    ]
    return tuple(found) or None


def _first_messages(span: Span, name: str, role: str) -> Messages | None:
    """Read the one attribute that held all messages before they had a schema."""
    value = span.attributes.get(name)
    if value is None:
        found = (event.attributes.get(name) for event in span.events)
        value = next((v for v in found if v is not None), None)
    return read_anything(value, role)


def _events(span: Span) -> Iterator[tuple[str, Mapping[str, JSON]]]:
    for event in span.events:
        yield event.name, event.attributes
    for log in span.logs:
        body = decode(log.body)
        extra = body if isinstance(body, dict) else {"content": body}
        name = log.event_name or log.attributes.get("event.name")
        yield name if isinstance(name, str) else "", {**log.attributes, **extra}


# The deprecated events: one a message, named after its role.
_INPUT_EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_OUTPUT_EVENTS = {"gen_ai.choice": "assistant"}


def _event_item(attributes: Mapping[str, JSON]) -> JSONObject:
    item = {key: decode_container(value) for key, value in attributes.items()}
    message = item.pop("message", None)
    if isinstance(message, dict):
        return {**item, **message}
    if message is not None:
        item["content"] = message
    return item


def _arguments(span: Span) -> JSON:
    value = span.attributes.get("gen_ai.tool.call.arguments")
    if value not in (None, ""):
        return value
    name = span.attributes.get("gen_ai.tool.name")
    for message in _input(span) or ():
        for call in message.calls:
            if call.args and name in (call.name, None):
                return call.args
    return MISSING


def _result(span: Span) -> JSON:
    value = span.attributes.get("gen_ai.tool.call.result")
    if value not in (None, ""):
        return value
    for message in _output(span) or ():
        for result in message.results:
            return result.value
    return MISSING


GENAI = Dialect(
    name="genai",
    roots=frozenset({"gen_ai"}),
    names={
        "agent_name": ("gen_ai.agent.name",),
        "agent_id": ("gen_ai.agent.id",),
        "request_model": ("gen_ai.request.model",),
        "response_model": ("gen_ai.response.model",),
        "provider": ("gen_ai.provider.name", "gen_ai.system"),
        "tool_name": ("gen_ai.tool.name",),
        "call_id": ("gen_ai.tool.call.id",),
        "conversation_id": ("gen_ai.conversation.id",),
        "input": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
        "output": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
        "thought": (
            "gen_ai.usage.reasoning.output_tokens",
            "gen_ai.usage.output_tokens.reasoning",
            "gen_ai.usage.reasoning_tokens",
            "gen_ai.usage.details.reasoning_tokens",
            "gen_ai.usage.thoughts_tokens",
        ),
        "cache_read": (
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.input_tokens.cached",
            "gen_ai.usage.cached_input_tokens",
            "gen_ai.usage.details.cache_read_tokens",
            "gen_ai.usage.details.cached_tokens",
        ),
        "cache_creation": (
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            "gen_ai.usage.cache_write_input_tokens",
            "gen_ai.usage.details.cache_write_tokens",
        ),
    },
    role=_role,
    input=_input,
    output=_output,
    arguments=_arguments,
    result=_result,
)
