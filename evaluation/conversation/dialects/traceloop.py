"""OpenLLMetry (Traceloop): indexed prompts and completions, entity inputs."""

from __future__ import annotations

from evaluation.conversation.anything import read_anything
from evaluation.conversation.chat import read_message
from evaluation.conversation.decoding import MISSING, as_object, decode
from evaluation.conversation.dialect import Dialect, SpanRole
from evaluation.conversation.flattened import unflatten
from evaluation.conversation.messages import Messages
from evaluation.traces.model import Span
from evaluation.values import JSON

_KIND = "traceloop.span.kind"

_ROLE_OF_KIND: dict[str, SpanRole] = {
    "workflow": "workflow",
    "agent": "agent",
    "tool": "tool",
}

_ROLE_OF_REQUEST: dict[str, SpanRole] = {
    "chat": "model",
    "completion": "model",
    "embedding": "embedding",
}


def _role(span: Span) -> SpanRole | None:
    attributes = span.attributes
    kind = attributes.get(_KIND)
    if isinstance(kind, str) and kind in _ROLE_OF_KIND:
        return _ROLE_OF_KIND[kind]
    request = attributes.get("llm.request.type")
    if isinstance(request, str) and request in _ROLE_OF_REQUEST:
        return _ROLE_OF_REQUEST[request]
    return "model" if "gen_ai.prompt.0.role" in attributes else None


def _input(span: Span) -> Messages | None:
    items = unflatten(span.attributes, "gen_ai.prompt.")
    if items:
        return tuple(read_message(item) for item in items if isinstance(item, dict))
    return _entity(span, "input", "user")


def _output(span: Span) -> Messages | None:
    items = unflatten(span.attributes, "gen_ai.completion.")
    if items:
        return tuple(
            read_message(item, "assistant") for item in items if isinstance(item, dict)
        )
    return _entity(span, "output", "assistant")


def _entity(span: Span, name: str, role: str) -> Messages | None:
    return read_anything(_unwrap(span.attributes.get(f"traceloop.entity.{name}")), role)


def _unwrap(value: JSON) -> JSON:
    """Take off what the decorators and the LangChain handler put around the value."""
    holder = as_object(value)
    if holder is None:
        return value
    inner = holder.get("inputs", holder.get("outputs", holder))
    if inner is holder and {"args", "kwargs"} >= holder.keys():
        args = holder.get("args")
        first = args[0] if isinstance(args, list) and args else None
        inner = holder.get("kwargs") or first
    return inner


def _arguments(span: Span) -> JSON:
    value = span.attributes.get("traceloop.entity.input")
    if value in (None, ""):
        return MISSING
    holder = as_object(value)
    if holder is None:
        return value
    for name in ("inputs", "input_str", "kwargs"):
        inner = decode(holder.get(name))
        if isinstance(inner, dict):
            return inner
    return holder


def _result(span: Span) -> JSON:
    value = span.attributes.get("traceloop.entity.output")
    if value in (None, ""):
        return MISSING
    holder = as_object(value)
    if holder is None or "output" not in holder:
        return value
    output = holder["output"]
    kwargs = output.get("kwargs") if isinstance(output, dict) else None
    if isinstance(kwargs, dict) and "content" in kwargs:
        return kwargs["content"]
    return output


TRACELOOP = Dialect(
    name="traceloop",
    roots=frozenset({"traceloop", "gen_ai", "llm"}),
    names={
        "agent_name": ("traceloop.entity.name", "traceloop.workflow.name"),
        "tool_name": ("traceloop.entity.name",),
        "conversation_id": (
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.thread_id",
        ),
        "input": ("llm.usage.prompt_tokens",),
        "output": ("llm.usage.completion_tokens",),
    },
    role=_role,
    input=_input,
    output=_output,
    arguments=_arguments,
    result=_result,
    answers=True,
)
