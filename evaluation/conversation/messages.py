"""Every spelling of a chat message, read into one shape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from evaluation.conversation.decoding import (
    MISSING,
    as_arguments,
    as_list,
    as_object,
    as_text,
    decode,
)
from evaluation.values import JSON, JSONObject, Value

USER_ROLES = frozenset({"user", "human"})
MODEL_ROLES = frozenset({"assistant", "model", "ai"})
TOOL_ROLES = frozenset({"tool", "function"})

# Parts that hold what a model thought, not what it said.
_THOUGHT_TYPES = frozenset({"reasoning", "thinking", "redacted_thinking", "thought"})


class CallRequest(Value, frozen=True, kw_only=True):
    """A tool call that a model asked for; ``args`` is None when not captured."""

    name: str
    call_id: str | None = None
    args: JSONObject | None = None


class CallResult(Value, frozen=True, kw_only=True):
    """What a tool gave back, as a message reports it."""

    value: JSON
    call_id: str | None = None
    name: str | None = None
    failed: bool = False


class Message(Value, frozen=True, kw_only=True):
    """One chat message.

    ``text`` is None when the message has none. ``garbled`` says that something else
    than text stands where the text belongs; ``text`` is then its JSON, if anything.
    ``parts`` holds the parts as Google GenAI writes them, for messages that were
    recorded in that shape.
    """

    role: str = ""
    text: str | None = None
    calls: tuple[CallRequest, ...] = ()
    results: tuple[CallResult, ...] = ()
    garbled: bool = False
    parts: tuple[JSONObject, ...] = ()


Messages = tuple[Message, ...]


class Collected:
    """What the parts of one message add up to while they are read."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.calls: list[CallRequest] = []
        self.results: list[CallResult] = []
        self.garbled = False

    def add_text(self, text: JSON) -> None:
        """Take a text; anything else that stands in its place is garbled."""
        if isinstance(text, str):
            self.texts.append(text)
        else:
            self.garbled = True

    def add_call(self, name: JSON, call_id: JSON, args: JSON) -> None:
        """Take a call; one without a name is nothing that can be compared."""
        if isinstance(name, str) and name:
            arguments = as_arguments(args)
            call = CallRequest(name=name, call_id=text_or_none(call_id), args=arguments)
            self.calls.append(call)

    def add_result(
        self, value: JSON, call_id: JSON, name: JSON = None, *, failed: bool = False
    ) -> None:
        """Take a tool's result."""
        self.results.append(
            CallResult(
                value=value,
                call_id=text_or_none(call_id),
                name=text_or_none(name),
                failed=failed,
            )
        )

    def message(self, role: str) -> Message:
        """Close the message."""
        return Message(
            role=role,
            text=" ".join(self.texts) or None,
            calls=tuple(self.calls),
            results=tuple(self.results),
            garbled=self.garbled,
        )


def text_or_none(value: JSON) -> str | None:
    """Return ``value`` when it is text with something in it."""
    return value if isinstance(value, str) and value else None


def first_of(item: Mapping[str, JSON], *keys: str) -> JSON:
    """Return the first value that is there and not null; MISSING when none is."""
    for key in keys:
        value = item.get(key)
        if value is not None:
            return value
    return MISSING


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
    if item.get("type") in _PART_READERS:  # an item of OpenAI's Responses API
        _read_part(item, found)
    return found.message(role)


def _langchain_role(item: JSONObject) -> str:
    path = as_list(item.get("id")) or [""]
    name = as_text(path[-1]) or ""
    return name.removesuffix("Chunk").removesuffix("Message").lower()


def _role_of(item: JSONObject) -> str:
    role = as_text(item.get("role"))
    if role:
        return role
    kind = as_text(item.get("type")) or ""
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
        return
    if isinstance(content, list):
        _read_parts(content, found, untyped_text=True)
    parts = item.get("parts")
    if not found.texts and isinstance(parts, list):
        _read_parts(parts, found, untyped_text=False)


def _is_result(item: JSONObject) -> bool:
    content = item.get("content")
    if isinstance(content, str):
        return True
    return bool(_result_id(item)) and not _has_typed_results(content)


def _has_typed_results(content: JSON) -> bool:
    return isinstance(content, list) and any(
        isinstance(part, dict) and part.get("type") in {"tool-result", "tool_result"}
        for part in content
    )


def _result_id(item: JSONObject) -> str | None:
    return text_or_none(item.get("tool_call_id")) or text_or_none(item.get("id"))


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


def _read_parts(parts: Iterable[JSON], found: Collected, *, untyped_text: bool) -> None:
    for part in parts:
        if isinstance(part, dict):
            _read_part(part, found, untyped_text=untyped_text)


def _read_part(
    part: JSONObject, found: Collected, *, untyped_text: bool = False
) -> None:
    kind = part.get("type")
    if kind in _THOUGHT_TYPES or part.get("thought") is True:
        return
    reader = _PART_READERS.get(kind) if isinstance(kind, str) else None
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

_PART_READERS: dict[str, _PartReader] = {
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


def read_contents(contents: JSON) -> Messages | None:
    """Read Google GenAI contents: objects of a role and untyped parts."""
    items = as_list(contents)
    if items is None:
        return None
    return tuple(read_content(item) for item in items if isinstance(item, dict))


def read_content(item: JSONObject) -> Message:
    """Read one Google GenAI content and keep its parts."""
    found = Collected()
    parts = item.get("parts")
    found.garbled = not isinstance(parts, list)
    kept: list[JSONObject] = []
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, dict) or part.get("thought") is True:
            continue
        _read_part(part, found, untyped_text=True)
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
        parts=tuple(kept),
    )


def _rebuild_part(part: JSONObject) -> JSONObject | None:
    if isinstance(part.get("text"), str):
        return {"text": part["text"]}
    for key, fields in (
        ("function_call", ("id", "args", "name")),
        ("function_response", ("id", "name", "response")),
    ):
        body = part.get(key)
        if isinstance(body, dict):
            return {key: {f: body[f] for f in fields if body.get(f) is not None}}
    return None


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
    while len(items) == 1 and isinstance(items[0], list):
        items = items[0]
    messages = tuple(
        read_message(item, role) for item in items if isinstance(item, dict)
    )
    if any(message.text or message.calls or message.results for message in messages):
        return messages
    texts = [item for item in items if isinstance(item, str) and item]
    if texts:
        return (Message(role=role, text=" ".join(texts)),)
    return (_dumped(role, items),) if items else None


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


def last_said(messages: Messages | None, roles: frozenset[str]) -> Message | None:
    """Return the last message of these roles that has text."""
    for message in reversed(messages or ()):
        if message.role in roles and message.text:
            return message
    return None


def last_text(messages: Messages | None, roles: frozenset[str]) -> str | None:
    """Return the text of the last message of these roles that has one."""
    message = last_said(messages, roles)
    return message.text if message else None
