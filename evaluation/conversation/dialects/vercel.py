"""Vercel's AI SDK: an outer span a call, an inner one a model request, tool spans."""

from __future__ import annotations

from evaluation.conversation.anything import read_anything
from evaluation.conversation.chat import read_message, read_messages
from evaluation.conversation.decoding import MISSING, as_list, as_object
from evaluation.conversation.dialect import Dialect, SpanRole, first_attribute
from evaluation.conversation.messages import Message, Messages
from evaluation.traces.model import Span
from evaluation.values import JSON

_OPERATION = "ai.operationId"


def _operation(span: Span) -> str:
    value = span.attributes.get(_OPERATION)
    return value if isinstance(value, str) else span.name


def _role(span: Span) -> SpanRole | None:
    if "ai.toolCall.name" in span.attributes:
        return "tool"
    operation = _operation(span)
    if not operation.startswith("ai."):
        return None
    if operation.rpartition(".")[2].startswith("do"):
        return "model"
    if operation.startswith("ai.embed"):
        return None
    known = (_OPERATION, "ai.prompt", "ai.response.text", "ai.model.id")
    return "agent" if any(name in span.attributes for name in known) else None


def _input(span: Span) -> Messages | None:
    messages = read_messages(span.attributes.get("ai.prompt.messages"))
    if messages is not None:
        return messages
    prompt = as_object(span.attributes.get("ai.prompt"))
    if prompt is None:
        return None
    messages = read_messages(prompt.get("messages"))
    return read_anything(prompt.get("prompt"), "user") if messages is None else messages


def _output(span: Span) -> Messages | None:
    attributes = span.attributes
    text = first_attribute(attributes, ("ai.response.text", "ai.result.text"))
    if text is MISSING:
        text = first_attribute(attributes, ("ai.response.object", "ai.result.object"))
    names = ("ai.response.toolCalls", "ai.result.toolCalls")
    calls = as_list(first_attribute(attributes, names)) or []
    if text is MISSING and not calls:
        return None
    parts = [{**call, "type": "tool-call"} for call in calls if isinstance(call, dict)]
    message = read_message({"role": "assistant", "content": parts})
    said = text if isinstance(text, str) and text else None
    return (Message(role="assistant", text=said, calls=message.calls),)


def _arguments(span: Span) -> JSON:
    return first_attribute(span.attributes, ("ai.toolCall.args", "ai.toolCall.input"))


def _result(span: Span) -> JSON:
    return first_attribute(
        span.attributes, ("ai.toolCall.result", "ai.toolCall.output")
    )


VERCEL = Dialect(
    name="vercel",
    roots=frozenset({"ai"}),
    names={
        "agent_name": ("ai.telemetry.functionId",),
        "request_model": ("ai.model.id",),
        "response_model": ("ai.response.model",),
        "provider": ("ai.model.provider",),
        "tool_name": ("ai.toolCall.name",),
        "call_id": ("ai.toolCall.id",),
        "conversation_id": ("ai.telemetry.metadata.sessionId",),
        "input": ("ai.usage.promptTokens", "ai.usage.inputTokens"),
        "output": ("ai.usage.completionTokens", "ai.usage.outputTokens"),
        "thought": ("ai.usage.reasoningTokens",),
        "cache_read": ("ai.usage.cachedInputTokens",),
    },
    role=_role,
    input=_input,
    output=_output,
    arguments=_arguments,
    result=_result,
    answers=True,
)
