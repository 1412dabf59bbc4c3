"""OpenAI Agents SDK as Logfire writes it: the SDK's span data, named by a template."""

from __future__ import annotations

from evaluation.conversation.anything import read_anything
from evaluation.conversation.chat import read_messages
from evaluation.conversation.dialect import Dialect, SpanRole, first_attribute
from evaluation.conversation.messages import Messages
from evaluation.traces.model import Span
from evaluation.values import JSON

_TEMPLATE = "logfire.msg_template"

_ROLE_OF_TEMPLATE: tuple[tuple[str, SpanRole], ...] = (
    ("OpenAI Agents trace", "workflow"),
    ("Agent run", "agent"),
    ("Responses API", "model"),
    ("Chat completion", "model"),
    ("Function: ", "tool"),
)


def _role(span: Span) -> SpanRole | None:
    template = span.attributes.get(_TEMPLATE)
    if not isinstance(template, str):
        return None
    for prefix, role in _ROLE_OF_TEMPLATE:
        if template.startswith(prefix):
            return role
    return None


def _is_agents_sdk(span: Span) -> bool:
    return _role(span) is not None


def _input(span: Span) -> Messages | None:
    if not _is_agents_sdk(span):
        return None
    return read_anything(span.attributes.get("raw_input"), "user") or read_messages(
        span.attributes.get("input")
    )


def _output(span: Span) -> Messages | None:
    if not _is_agents_sdk(span):
        return None
    return read_messages(span.attributes.get("output"))


def _arguments(span: Span) -> JSON:
    return first_attribute(span.attributes, ("input",))


def _result(span: Span) -> JSON:
    return first_attribute(span.attributes, ("output",))


OPENAI_AGENTS = Dialect(
    name="openai_agents",
    roots=frozenset({"logfire"}),
    names={"agent_name": ("name",), "tool_name": ("name",)},
    role=_role,
    input=_input,
    output=_output,
    arguments=_arguments,
    result=_result,
)
