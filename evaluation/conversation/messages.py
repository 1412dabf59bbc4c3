"""Chat messages as everything here sees them, whoever spelled them."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.conversation.decoding import MISSING, as_arguments
from evaluation.values import JSON, JSONObject, Value

USER_ROLES = frozenset({"user", "human"})
MODEL_ROLES = frozenset({"assistant", "model", "ai"})
TOOL_ROLES = frozenset({"tool", "function"})


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
    recorded in that shape; it is None for all others.
    """

    role: str = ""
    text: str | None = None
    calls: tuple[CallRequest, ...] = ()
    results: tuple[CallResult, ...] = ()
    garbled: bool = False
    parts: tuple[JSONObject, ...] | None = None


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

    def is_empty(self) -> bool:
        """Tell whether nothing was found."""
        return not (self.texts or self.calls or self.results)

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


def kind_of(item: Mapping[str, JSON]) -> str:
    """Return what an item calls its type; empty when that is no text."""
    kind = item.get("type")
    return kind if isinstance(kind, str) else ""


def first_of(item: Mapping[str, JSON], *keys: str) -> JSON:
    """Return the first value that is there and not null; MISSING when none is."""
    for key in keys:
        value = item.get(key)
        if value is not None:
            return value
    return MISSING


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
