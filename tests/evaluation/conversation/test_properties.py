"""Whatever spans say, they convert, and nothing is counted twice."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.conversation.convert import convert
from evaluation.conversation.model import Conversation, to_contract
from evaluation.conversation.performance import aggregate
from evaluation.traces.model import LogRecord, Scope, Span, SpanEvent
from tests.evaluation.conversation.spans import START_NS, TRACE_ID, trace_of

NAMES = [
    "agent.name",
    "agent_name",
    "agentevals.eval.case.id",
    "ag2.span.type",
    "ai.operationId",
    "ai.prompt",
    "ai.prompt.messages",
    "ai.response.text",
    "ai.response.toolCalls",
    "ai.toolCall.args",
    "ai.toolCall.name",
    "all_messages_events",
    "error.type",
    "events",
    "final_result",
    "gcp.vertex.agent.llm_request",
    "gcp.vertex.agent.llm_response",
    "gcp.vertex.agent.tool_call_args",
    "gcp.vertex.agent.tool_response",
    "gen_ai.agent.name",
    "gen_ai.completion",
    "gen_ai.completion.0.content",
    "gen_ai.completion.0.tool_calls.0.name",
    "gen_ai.input.messages",
    "gen_ai.operation.name",
    "gen_ai.output.messages",
    "gen_ai.prompt",
    "gen_ai.prompt.0.role",
    "gen_ai.prompt.0.content",
    "gen_ai.request.model",
    "gen_ai.response.finish_reasons",
    "gen_ai.response.model",
    "gen_ai.system",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.id",
    "gen_ai.tool.call.result",
    "gen_ai.tool.name",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "input",
    "input.mime_type",
    "input.value",
    "langfuse.observation.input",
    "langfuse.observation.output",
    "langfuse.observation.type",
    "langfuse.observation.usage_details",
    "llm.input_messages.0.message.content",
    "llm.output_messages.0.message.contents",
    "llm.output_messages.0.message.tool_calls.0",
    "llm.request.type",
    "logfire.msg_template",
    "message",
    "mlflow.chat.tokenUsage",
    "mlflow.spanInputs",
    "mlflow.spanOutputs",
    "mlflow.spanType",
    "name",
    "openinference.span.kind",
    "output.value",
    "pydantic_ai.all_messages",
    "raw_input",
    "tool.name",
    "tool_arguments",
    "traceloop.entity.input",
    "traceloop.entity.output",
    "traceloop.span.kind",
]

WORDS = [
    "AGENT",
    "CHAIN",
    "CHAT_MODEL",
    "LLM",
    "TOOL",
    "Agent run: {name!r}",
    "Function: {name}",
    "agent",
    "ai.generateText",
    "ai.generateText.doGenerate",
    "c1",
    "chat",
    "embeddings",
    "execute_tool",
    "f",
    "gcp.vertex.agent",
    "generation",
    "invoke_agent",
    "q",
    "text/plain",
    "tool",
    "workflow",
]

KEYS = [
    "arguments",
    "args",
    "content",
    "contents",
    "function",
    "function_call",
    "functionResponse",
    "id",
    "kwargs",
    "lc",
    "message",
    "messages",
    "name",
    "output",
    "parts",
    "response",
    "result",
    "role",
    "source",
    "text",
    "thought",
    "toolResult",
    "tool_call_id",
    "tool_calls",
    "type",
    "usage_metadata",
]

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(),
    st.sampled_from(
        [
            *WORDS,
            "",
            "{nope",
            "null",
            "\ud83d",
            "user",
            "assistant",
            "text",
            "tool_call",
        ]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    ),
    max_leaves=12,
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(NAMES), st.one_of(VALUES, VALUES.map(json.dumps)), max_size=8
)
SPAN_NAMES = ["", "invoke_agent x", "call_llm", "execute_tool f", "chat", "autogen"]
EVENT_NAMES = ["", "gen_ai.user.message", "gen_ai.choice", "gen_ai.tool.message"]


@st.composite
def spans(draw: st.DrawFn, number: int) -> Span:
    parents = [None, *(str(other) for other in range(number))]
    start = draw(st.one_of(st.none(), st.integers(0, 50)))
    length = draw(st.one_of(st.none(), st.integers(-5, 50)))
    start_ns = None if start is None else START_NS + start
    ended = start_ns is not None and length is not None
    attributes = draw(ATTRIBUTES)
    extra = draw(ATTRIBUTES)
    return Span(
        trace_id=TRACE_ID,
        span_id=str(number),
        parent_id=draw(st.sampled_from(parents)),
        name=draw(st.sampled_from(SPAN_NAMES)),
        start_ns=start_ns,
        end_ns=start_ns + length if ended and start_ns is not None else None,
        status=draw(st.sampled_from(["unset", "ok", "error"])),
        attributes=attributes,
        events=(SpanEvent(name=draw(st.sampled_from(EVENT_NAMES)), attributes=extra),),
        logs=(LogRecord(trace_id="", span_id="", body=draw(VALUES)),),
        resource=draw(ATTRIBUTES),
        scope=Scope(name=draw(st.sampled_from(["", "gcp.vertex.agent"]))),
    )


@st.composite
def traces(draw: st.DrawFn) -> list[Span]:
    return [draw(spans(number)) for number in range(draw(st.integers(0, 6)))]


def used_spans(conversation: Conversation) -> list[str]:
    calls = [call for turn in conversation.invocations for call in turn.tool_calls]
    return [call.span_id for call in calls if call.span_id]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(traces())
def test_any_tree_of_any_attributes_converts(tree: list[Span]) -> None:
    conversation = convert(trace_of(*tree))

    used = used_spans(conversation)
    assert len(used) == len(set(used))
    called = [m.span_id for t in conversation.invocations for m in t.model_calls]
    assert len(called) == len(set(called))
    starts = [turn.started_ns or 0 for turn in conversation.invocations]
    assert starts == sorted(starts)
    for turn in conversation.invocations:
        times = [call.started_ns or 0 for call in turn.tool_calls if call.span_id]
        assert times == sorted(times)
    assert conversation.performance is not None
    counts: dict[str, Any] = conversation.performance["counts"]
    assert counts["llm_calls"] >= len(called)
    assert counts["tool_calls"] >= len(used)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(traces())
def test_what_came_out_is_json(tree: list[Span]) -> None:
    conversation = convert(trace_of(*tree))

    documents = [to_contract(turn) for turn in conversation.invocations]
    assert json.dumps([*documents, aggregate([conversation])])
    assert msgspec.to_builtins(conversation)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(traces(), st.randoms(use_true_random=False))
def test_the_order_in_the_file_decides_nothing_but_ties(
    tree: list[Span], random: Any
) -> None:
    timed = [
        msgspec.structs.replace(span, start_ns=START_NS + number)
        for number, span in enumerate(tree)
    ]
    shuffled = random.sample(timed, len(timed))

    assert convert(trace_of(*shuffled)) == convert(trace_of(*timed))
