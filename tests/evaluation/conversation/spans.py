"""Small traces that the tests of this folder convert."""

from __future__ import annotations

import json
from typing import Any

from evaluation.conversation.convert import convert
from evaluation.conversation.model import Conversation, Invocation
from evaluation.traces.model import Span, SpanEvent, Trace
from evaluation.traces.tree import build_trace

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
START_NS = 1_700_000_000_000_000_000
MS = 1_000_000


def span(
    span_id: str,
    parent: str | None = None,
    /,
    attributes: dict[str, Any] | None = None,
    *,
    at: int = 0,
    lasts: int | None = 100,
    **fields: Any,
) -> Span:
    """Make a span that starts ``at`` milliseconds and ``lasts`` milliseconds."""
    start_ns = START_NS + at * MS
    return Span(
        trace_id=TRACE_ID,
        span_id=span_id,
        parent_id=parent,
        start_ns=start_ns,
        end_ns=None if lasts is None else start_ns + lasts * MS,
        attributes=attributes or {},
        **fields,
    )


def event(name: str, **attributes: Any) -> SpanEvent:
    """Make an event; an underscore pair in a name stands for a dot."""
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    return SpanEvent(name=name, attributes=named)


def text(value: Any) -> str:
    """Write a value as JSON text, as most attributes hold it."""
    return json.dumps(value)


def trace_of(*spans: Span) -> Trace:
    """Build the forest of one trace."""
    return build_trace(TRACE_ID, spans)


def conversation_of(*spans: Span) -> Conversation:
    """Convert the trace of these spans."""
    return convert(trace_of(*spans))


def only_turn(*spans: Span) -> Invocation:
    """Convert spans that make a single turn."""
    (turn,) = conversation_of(*spans).invocations
    return turn


def asked_and_answered(turn: Invocation) -> tuple[str | None, str | None]:
    """Return the two texts of a turn."""
    asked, answer = turn.user_content, turn.final_response
    return asked and asked.text(), answer and answer.text()


# --- OpenTelemetry GenAI --------------------------------------------------------------


def user(content: Any) -> dict[str, Any]:
    """Make a message of the user."""
    return {"role": "user", "content": content}


def said(content: Any) -> dict[str, Any]:
    """Make a message of the model."""
    return {"role": "assistant", "content": content}


def asks_for(name: str, call_id: str | None = None, **arguments: Any) -> dict[str, Any]:
    """Make a message of the model that asks for a tool."""
    part = {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}
    return {"role": "assistant", "parts": [part]}


def agent(span_id: str, parent: str | None = None, /, **fields: Any) -> Span:
    """Make a GenAI agent span; its name is ``planner`` unless given."""
    name = fields.pop("agent_name", "planner")
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": name,
        **fields.pop("attributes", {}),
    }
    return span(span_id, parent, attributes, name=f"invoke_agent {name}", **fields)


def chat(
    span_id: str,
    parent: str | None = None,
    /,
    given: list[Any] | None = None,
    output: list[Any] | None = None,
    **fields: Any,
) -> Span:
    """Make a GenAI model span of 12 tokens in and 7 out."""
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 12,
        "gen_ai.usage.output_tokens": 7,
    }
    if given is not None:
        attributes["gen_ai.input.messages"] = text(given)
    if output is not None:
        attributes["gen_ai.output.messages"] = text(output)
    attributes |= fields.pop("attributes", {})
    return span(span_id, parent, attributes, name="chat gpt-4o", **fields)


def tool(span_id: str, parent: str | None, /, name: str, **fields: Any) -> Span:
    """Make a GenAI tool span; ``call_id``, ``args`` and ``result`` where given."""
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
    }
    for field, attribute in (
        ("call_id", "gen_ai.tool.call.id"),
        ("args", "gen_ai.tool.call.arguments"),
        ("result", "gen_ai.tool.call.result"),
    ):
        if field in fields:
            attributes[attribute] = fields.pop(field)
    return span(span_id, parent, attributes, name=f"execute_tool {name}", **fields)


# --- Google ADK -----------------------------------------------------------------------


def adk_agent(span_id: str, parent: str | None = None, /, **fields: Any) -> Span:
    """Make an ADK agent span."""
    attributes = {"gen_ai.system": "gcp.vertex.agent", **fields.pop("attributes", {})}
    return span(span_id, parent, attributes, name="invoke_agent x", **fields)


def call_llm(
    span_id: str,
    parent: str | None,
    /,
    contents: Any = None,
    parts: Any = None,
    **fields: Any,
) -> Span:
    """Make an ADK model span with a request of ``contents`` and a reply of ``parts``."""
    attributes: dict[str, Any] = {}
    if contents is not None:
        request = {"model": "gemini", "contents": contents}
        attributes["gcp.vertex.agent.llm_request"] = text(request)
    if parts is not None:
        response = {"content": {"role": "model", "parts": parts}}
        response |= {"usage_metadata": fields.pop("usage", None)}
        attributes["gcp.vertex.agent.llm_response"] = text(response)
    attributes |= fields.pop("attributes", {})
    return span(span_id, parent, attributes, name="call_llm", **fields)


def adk_tool(span_id: str, parent: str | None, /, name: str, **fields: Any) -> Span:
    """Make an ADK tool span; ``call_id``, ``args`` and ``response`` where given."""
    attributes: dict[str, Any] = {"gen_ai.tool.name": name}
    for field, attribute in (
        ("call_id", "gen_ai.tool.call.id"),
        ("args", "gcp.vertex.agent.tool_call_args"),
        ("response", "gcp.vertex.agent.tool_response"),
    ):
        if field in fields:
            attributes[attribute] = fields.pop(field)
    attributes.setdefault("gcp.vertex.agent.event_id", "e")
    return span(span_id, parent, attributes, name=f"execute_tool {name}", **fields)


def asked_in_adk(question: str) -> list[Any]:
    """Make ADK contents of one question."""
    return [{"role": "user", "parts": [{"text": question}]}]
