"""Strands: the arguments and the result of a tool as events of its span."""

from __future__ import annotations

from evaluation.conversation.decoding import MISSING, decode
from evaluation.conversation.dialect import Dialect, SpanRole
from evaluation.conversation.parts import result_of_content
from evaluation.traces.model import Span
from evaluation.values import JSON


def _event(span: Span, event_name: str, attribute: str) -> JSON:
    for event in span.events:
        if event.name == event_name and event.attributes.get(attribute) is not None:
            return event.attributes[attribute]
    return MISSING


def _role(span: Span) -> SpanRole | None:
    by_strands = span.attributes.get("gen_ai.system") == "strands-agents"
    return "tool" if by_strands and "tool.name" in span.attributes else None


def _arguments(span: Span) -> JSON:
    value = span.attributes.get("tool.parameters")
    return _event(span, "gen_ai.tool.message", "content") if value is None else value


def _result(span: Span) -> JSON:
    value = span.attributes.get("tool.result")
    if value is None:
        value = _event(span, "gen_ai.choice", "message")
    return value if value is MISSING else result_of_content(decode(value))


STRANDS = Dialect(
    name="strands",
    roots=frozenset({"gen_ai"}),
    names={"tool_name": ("tool.name",), "call_id": ("tool.id",)},
    role=_role,
    arguments=_arguments,
    result=_result,
)
