"""Pydantic AI: the whole history and the final result on the agent span."""

from __future__ import annotations

from evaluation.conversation.chat import read_messages
from evaluation.conversation.decoding import decode
from evaluation.conversation.dialect import Dialect, SpanRole, first_attribute
from evaluation.conversation.messages import USER_ROLES, Message, Messages
from evaluation.traces.model import Span
from evaluation.values import JSON

_HISTORY = ("pydantic_ai.all_messages", "all_messages_events")


def _role(span: Span) -> SpanRole | None:
    attributes = span.attributes
    if any(name in attributes for name in ("final_result", *_HISTORY)):
        return "agent"
    return "tool" if "tool_arguments" in attributes else None


def _history(span: Span) -> Messages | None:
    return read_messages(first_attribute(span.attributes, _HISTORY))


def _asked(messages: Messages) -> int:
    """Return the position behind the last question, zero when there is none."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].role in USER_ROLES and messages[index].text:
            return index + 1
    return 0


def _input(span: Span) -> Messages | None:
    history = _history(span)
    return None if history is None else history[: _asked(history)]


def _output(span: Span) -> Messages | None:
    history = _history(span) or ()
    said = history[_asked(history) :]
    final = span.attributes.get("final_result")
    if final is None:
        return said or None
    text = final if isinstance(final, str) else str(decode(final))
    return (*said, Message(role="assistant", text=text))


def _arguments(span: Span) -> JSON:
    return first_attribute(span.attributes, ("tool_arguments",))


def _result(span: Span) -> JSON:
    return first_attribute(span.attributes, ("tool_response",))


PYDANTIC_AI = Dialect(
    name="pydantic_ai",
    roots=frozenset(
        {"pydantic_ai", "all_messages_events", "final_result", "tool_arguments"}
    ),
    names={
        "agent_name": ("agent_name",),
        "request_model": ("model_name",),
        "input": ("gen_ai.aggregated_usage.input_tokens",),
        "output": ("gen_ai.aggregated_usage.output_tokens",),
    },
    role=_role,
    input=_input,
    output=_output,
    arguments=_arguments,
    result=_result,
    answers=True,
)
