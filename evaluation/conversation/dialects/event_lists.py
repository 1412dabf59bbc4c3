"""Messages as one attribute that lists events, as Logfire and Pydantic AI once did."""

from __future__ import annotations

from evaluation.conversation.chat import read_message
from evaluation.conversation.decoding import as_list
from evaluation.conversation.dialect import Dialect
from evaluation.conversation.messages import Messages
from evaluation.traces.model import Span
from evaluation.values import JSON

_CHOICE = "gen_ai.choice"


def _read(span: Span, *, choices: bool) -> Messages | None:
    items = as_list(span.attributes.get("events"))
    if items is None:
        return None
    return tuple(
        read_message(item, "assistant" if choices else "")
        for item in items
        if isinstance(item, dict) and _is_choice(item) == choices
    )


def _is_choice(item: dict[str, JSON]) -> bool:
    return item.get("event.name") == _CHOICE


def _input(span: Span) -> Messages | None:
    return _read(span, choices=False)


def _output(span: Span) -> Messages | None:
    return _read(span, choices=True)


EVENT_LISTS = Dialect(
    name="event_lists", roots=frozenset({"events"}), input=_input, output=_output
)
