"""Google GenAI contents: a role and untyped parts."""

from __future__ import annotations

from evaluation.conversation.decoding import as_list, as_text
from evaluation.conversation.messages import Collected, Message, Messages
from evaluation.conversation.parts import read_part
from evaluation.values import JSON, JSONObject


def read_contents(contents: JSON) -> Messages | None:
    """Read Google GenAI contents: objects of a role and untyped parts."""
    items = as_list(contents)
    if items is None:
        return None
    return tuple(read_content(item) for item in items if isinstance(item, dict))


def read_content(item: JSONObject) -> Message:
    """Read one Google GenAI content and keep its parts.

    No parts at all is how a model says nothing, or a user sends but an image.
    """
    found = Collected()
    parts = item.get("parts", [])
    found.garbled = not isinstance(parts, list)
    kept: list[JSONObject] = []
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, dict) or part.get("thought") is True:
            continue
        read_part(part, found, untyped_text=True)
        rebuilt = _rebuild_part(part)
        if rebuilt:
            kept.append(rebuilt)
    role = as_text(item.get("role")) or ""
    message = found.message(role)
    return Message(
        role=role,
        text=message.text,
        calls=message.calls,
        results=message.results,
        garbled=message.garbled,
        parts=tuple(kept) if kept or not message.garbled else None,
    )


def _rebuild_part(part: JSONObject) -> JSONObject | None:
    if isinstance(part.get("text"), str):
        return {"text": part["text"]}
    for key, fields, payload in (
        ("function_call", ("id", "args", "name"), "args"),
        ("function_response", ("id", "name", "response"), "response"),
    ):
        body = part.get(key)
        if isinstance(body, dict):
            known = {payload: {}, **body}
            return {key: {f: known[f] for f in fields if known.get(f) is not None}}
    return None
