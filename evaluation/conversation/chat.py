"""Chat messages of every provider, read into one shape."""

from __future__ import annotations

from evaluation.conversation.decoding import as_list, as_text
from evaluation.conversation.messages import (
    TOOL_ROLES,
    Collected,
    Message,
    Messages,
    first_of,
    kind_of,
    text_or_none,
)
from evaluation.conversation.parts import (
    PART_READERS,
    read_part,
    read_parts,
    result_of_content,
)
from evaluation.values import JSON, JSONObject


def read_messages(value: JSON) -> Messages | None:
    """Read a list of chat messages of any provider.

    Args:
        value: a list of message objects, or JSON text of one.

    Returns:
        The readable messages in order; None when ``value`` is no list at all.
    """
    items = as_list(value)
    if items is None:
        return None
    return tuple(read_message(item) for item in items if isinstance(item, dict))


def read_message(item: JSONObject, role: str = "") -> Message:
    """Read one message object of any provider.

    Args:
        item: the message.
        role: the role to assume when the message names none.
    """
    kwargs = item.get("kwargs")
    if "lc" in item and isinstance(kwargs, dict):  # LangChain's own serialisation
        item = {"type": _langchain_role(item), **kwargs}
    inner = item.get("message")
    if isinstance(inner, dict) and "role" not in item:  # a choice
        item = inner
    found = Collected()
    role = _role_of(item) or role
    _read_content(item, role, found)
    _read_tool_calls(item, found)
    if kind_of(item) in PART_READERS and found.is_empty():
        read_part(item, found)  # an item of OpenAI's Responses API
    return found.message(role)


def _langchain_role(item: JSONObject) -> str:
    path = as_list(item.get("id")) or [""]
    name = as_text(path[-1]) or ""
    return name.removesuffix("Chunk").removesuffix("Message").lower()


def _role_of(item: JSONObject) -> str:
    role = as_text(item.get("role"))
    if role:
        return role
    kind = kind_of(item)
    if kind in {"function_call", "reasoning"}:
        return "assistant"
    if kind == "function_call_output":
        return "tool"
    return kind if kind in {"human", "ai", "tool", "system", "user"} else ""


def _read_content(item: JSONObject, role: str, found: Collected) -> None:
    content = item.get("content")
    if isinstance(content, dict):
        content = [content]
    if role in TOOL_ROLES and _is_result(item):
        name = item.get("name")
        found.add_result(result_of_content(content), _result_id(item), name)
        return
    if isinstance(content, str) and content:
        found.texts.append(content)
    elif isinstance(content, list):
        read_parts(content, found, untyped_text=True)
    parts = item.get("parts")
    if isinstance(parts, list):
        said = list(found.texts)
        read_parts(parts, found, untyped_text=False)
        found.texts = said or found.texts  # both spell the same text


def _is_result(item: JSONObject) -> bool:
    content = item.get("content")
    if content is None or isinstance(content, str):
        return content is not None
    return bool(_result_id(item)) and not _has_typed_results(content)


def _has_typed_results(content: JSON) -> bool:
    return isinstance(content, list) and any(
        isinstance(part, dict) and kind_of(part) in {"tool-result", "tool_result"}
        for part in content
    )


def _result_id(item: JSONObject) -> str | None:
    return text_or_none(item.get("tool_call_id")) or text_or_none(item.get("id"))


def _read_tool_calls(item: JSONObject, found: Collected) -> None:
    if found.calls:
        return
    for call in as_list(item.get("tool_calls")) or ():
        if not isinstance(call, dict):
            continue
        function = call.get("function")
        body = function if isinstance(function, dict) else call
        found.add_call(
            body.get("name"),
            first_of(call, "id", "tool_call_id"),
            first_of(body, "arguments", "args", "input"),
        )
