"""AutoGen and AG2: runtime messages beside spans that follow the GenAI names."""

from __future__ import annotations

from evaluation.conversation.decoding import as_object
from evaluation.conversation.dialect import Dialect, SpanRole
from evaluation.conversation.messages import Message, Messages, kind_of
from evaluation.traces.model import Span
from evaluation.values import JSON, JSONObject

_ROLE_OF_TYPE: dict[str, SpanRole] = {
    "conversation": "workflow",
    "multi_conversation": "workflow",
    "agent": "agent",
    "llm": "model",
    "tool": "tool",
}

# Chat messages whose content somebody said; others report events and tool results.
_SAID = frozenset({"TextMessage", "StopMessage", "MultiModalMessage", "HandoffMessage"})

_PERSON = "user"


def _role(span: Span) -> SpanRole | None:
    kind = span.attributes.get("ag2.span.type")
    return _ROLE_OF_TYPE.get(kind) if isinstance(kind, str) else None


def _input(span: Span) -> Messages | None:
    asked = [message for message in _said(span) if message.role == _PERSON]
    return tuple(asked) or None


def _output(span: Span) -> Messages | None:
    answered = [message for message in _said(span) if message.role != _PERSON]
    return tuple(answered) or None


def _said(span: Span) -> list[Message]:
    payload = as_object(span.attributes.get("message"))
    found = [_message(item) for item in _items(payload)] if payload else []
    return [message for message in found if message is not None]


def _items(payload: JSONObject) -> list[JSON]:
    """Unwrap what agents and group-chat managers send each other."""
    response = payload.get("response")
    if isinstance(response, dict):
        payload = response
    messages = payload.get("messages")
    if isinstance(messages, list):
        return messages
    for name in ("chat_message", "message"):
        if isinstance(payload.get(name), dict):
            return [payload[name]]
    return [payload]


def _message(item: JSON) -> Message | None:
    if not isinstance(item, dict) or ("type" in item and kind_of(item) not in _SAID):
        return None
    content, source = item.get("content"), item.get("source")
    if not isinstance(content, str) or not content or not isinstance(source, str):
        return None
    role = _PERSON if source == _PERSON else "assistant"
    return Message(role=role, text=content)


AUTOGEN = Dialect(
    name="autogen",
    roots=frozenset({"ag2", "message", "messaging"}),
    role=_role,
    input=_input,
    output=_output,
)
