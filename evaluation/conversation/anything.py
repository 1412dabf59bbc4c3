"""Inputs and outputs of unknown shape, as decorators and callbacks record them."""

from __future__ import annotations

from evaluation.conversation.chat import read_message
from evaluation.conversation.decoding import MISSING, decode
from evaluation.conversation.messages import (
    MODEL_ROLES,
    USER_ROLES,
    Message,
    Messages,
    first_of,
)
from evaluation.values import JSON, JSONObject

# Keys below which frameworks put the one text that a user sent or an agent answered.
_MESSAGE_KEYS = ("messages", "chat_history", "input", "output", "contents")
_TEXT_KEYS = (
    "content",
    "text",
    "question",
    "query",
    "prompt",
    "task",
    "user_input",
    "answer",
    "response",
    "result",
    "final_answer",
)


def read_anything(value: JSON, role: str) -> Messages | None:
    """Read an input or output of unknown shape.

    Args:
        value: plain text, JSON text, or a decoded value: a message, a list of
            messages, an object that holds either, or an object with one text.
        role: the role of a text that comes without one.

    Returns:
        The messages; None when there is nothing.
    """
    for _ in range(_MAX_WRAPPERS):
        decoded = decode(value)
        if decoded is None or decoded in ("", [], {}):
            return None
        if isinstance(decoded, list):
            return _read_list(decoded, role)
        if not isinstance(decoded, dict):
            return (Message(role=role, text=_text_of(value, decoded)),)
        if _is_message(decoded):
            return (read_message(decoded, role),)
        inner = first_of(decoded, *_MESSAGE_KEYS)
        if inner is MISSING:
            text = _only_text(decoded)
            found = Message(role=role, text=text) if text else _dumped(role, decoded)
            return (found,)
        value = inner
    return None


# Deeper than any framework wraps, and small enough never to follow a hostile document.
_MAX_WRAPPERS = 8


def _read_list(items: list[JSON], role: str) -> Messages | None:
    while len(items) == 1 and isinstance(items[0], list) and not _is_pair(items[0]):
        items = items[0]
    items = [
        {"role": item[0], "content": item[1]} if _is_pair(item) else item
        for item in items
    ]
    messages = tuple(
        read_message(item, role) for item in items if isinstance(item, dict)
    )
    if any(message.text or message.calls or message.results for message in messages):
        return messages
    texts = [item for item in items if isinstance(item, str) and item]
    if texts:
        return (Message(role=role, text=" ".join(texts)),)
    return (_dumped(role, items),) if items else None


_ROLES = USER_ROLES | MODEL_ROLES | {"system"}


def _is_pair(item: JSON) -> bool:
    """Tell LangChain's shorthand for a message: a list of a role and a text."""
    return (
        isinstance(item, list)
        and [type(member) for member in item] == [str, str]
        and item[0] in _ROLES
    )


def _is_message(item: JSONObject) -> bool:
    if "role" in item or "lc" in item:
        return True
    return "content" in item and "type" in item


def _only_text(item: JSONObject) -> str | None:
    named = first_of(item, *_TEXT_KEYS)
    if isinstance(named, str) and named:
        return named
    texts = [value for value in item.values() if isinstance(value, str) and value]
    return texts[0] if len(texts) == 1 else None


def _text_of(value: JSON, decoded: JSON) -> str:
    if isinstance(decoded, str):
        return decoded
    return value if isinstance(value, str) else _dump(decoded)


def _dumped(role: str, value: JSON) -> Message:
    return Message(role=role, text=_dump(value), garbled=True)


def _dump(value: JSON) -> str:
    import json  # only for values that no framework should send

    return json.dumps(value, ensure_ascii=False, default=str)
