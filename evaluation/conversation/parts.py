"""The parts of a chat message: texts, tool calls and results, of every provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluation.conversation.decoding import MISSING, as_list, as_object
from evaluation.conversation.messages import Collected, first_of, kind_of
from evaluation.values import JSON, JSONObject

# Parts that hold what a model thought, not what it said.
_THOUGHT_TYPES = frozenset({"reasoning", "thinking", "redacted_thinking", "thought"})


def result_of_content(content: JSON) -> JSON:
    """Read a tool's result from content blocks: their text, or the object it holds."""
    if not isinstance(content, list):
        return content
    texts = [
        block["text"]
        for block in content
        if isinstance(block, dict) and isinstance(block.get("text"), str)
    ]
    if not texts:
        return content
    text = " ".join(text for text in texts if text)
    whole = as_object(text)
    return whole if whole is not None else {"result": text}


def read_parts(parts: Iterable[JSON], found: Collected, *, untyped_text: bool) -> None:
    """Read the parts of a message; ``untyped_text`` takes texts without a type too."""
    for part in parts:
        if isinstance(part, dict):
            read_part(part, found, untyped_text=untyped_text)


def read_part(
    part: JSONObject, found: Collected, *, untyped_text: bool = False
) -> None:
    """Read one part of any provider; what a model thought is passed over."""
    kind = kind_of(part)
    if kind in _THOUGHT_TYPES or part.get("thought") is True:
        return
    reader = PART_READERS.get(kind)
    if reader:
        reader(part, found)
        return
    for key, keyed_reader in _KEYED_READERS.items():
        body = part.get(key)
        if isinstance(body, dict):
            keyed_reader(body, found)
            return
    if untyped_text and "text" in part:
        found.add_text(part["text"])


def _read_text_part(part: JSONObject, found: Collected) -> None:
    text = first_of(part, "content", "text")
    if text is not MISSING:
        found.add_text(text)


def _read_call_part(part: JSONObject, found: Collected) -> None:
    found.add_call(
        first_of(part, "name", "toolName"),
        first_of(part, "call_id", "toolCallId", "id"),
        first_of(part, "arguments", "args", "input"),
    )


def _read_result_part(part: JSONObject, found: Collected) -> None:
    value = first_of(part, "response", "result", "output", "content")
    if value is MISSING:
        return
    call_id = first_of(part, "tool_use_id", "call_id", "toolCallId", "id")
    name = first_of(part, "name", "toolName")
    found.add_result(_unwrap_result(value), call_id, name, failed=_is_failed(part))


def _unwrap_result(value: JSON) -> JSON:
    value = result_of_content(value)
    if isinstance(value, dict) and value.keys() == {"type", "value"}:
        return value["value"]  # Vercel: {"type": "json" | "text", "value": ...}
    return value


def _is_failed(part: JSONObject) -> bool:
    return part.get("is_error") is True or part.get("isError") is True


def _read_google_call(body: JSONObject, found: Collected) -> None:
    found.add_call(body.get("name"), body.get("id"), body.get("args"))


def _read_google_result(body: JSONObject, found: Collected) -> None:
    found.add_result(body.get("response"), body.get("id"), body.get("name"))


def _read_bedrock_call(body: JSONObject, found: Collected) -> None:
    found.add_call(body.get("name"), body.get("toolUseId"), body.get("input"))


def _read_bedrock_result(body: JSONObject, found: Collected) -> None:
    content = body.get("content")
    blocks = [block for block in as_list(content) or () if isinstance(block, dict)]
    objects = [block["json"] for block in blocks if "json" in block]
    value = objects[0] if len(objects) == 1 else result_of_content(content)
    failed = body.get("status") == "error"
    found.add_result(value, body.get("toolUseId"), failed=failed)


_PartReader = Callable[[JSONObject, Collected], None]

PART_READERS: dict[str, _PartReader] = {
    "text": _read_text_part,
    "input_text": _read_text_part,
    "output_text": _read_text_part,
    "tool_call": _read_call_part,
    "tool-call": _read_call_part,
    "tool_use": _read_call_part,
    "function_call": _read_call_part,
    "tool_call_response": _read_result_part,
    "tool-result": _read_result_part,
    "tool_result": _read_result_part,
    "function_call_output": _read_result_part,
}

_KEYED_READERS: dict[str, _PartReader] = {
    "function_call": _read_google_call,
    "functionCall": _read_google_call,
    "function_response": _read_google_result,
    "functionResponse": _read_google_result,
    "toolUse": _read_bedrock_call,
    "toolResult": _read_bedrock_result,
}
