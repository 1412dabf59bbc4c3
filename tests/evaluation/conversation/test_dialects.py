"""One small trace a dialect, written after what its instrumentation emits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evaluation.conversation.convert import convert
from evaluation.conversation.model import Invocation
from evaluation.traces.load import load
from evaluation.traces.model import Span
from tests.evaluation.conversation.spans import (
    asked_and_answered,
    conversation_of,
    event,
    only_turn,
    said,
    span,
    text,
    user,
)

QUESTION, ANSWER = "What is the weather in Oslo?", "It is 3 degrees."
CALL = ("get_weather", "call_1", {"city": "Oslo"})


def calls_of(turn: Invocation) -> list[tuple[str, str | None, Any]]:
    return [(call.name, call.call_id, call.args) for call in turn.tool_calls]


def tokens_of(turn: Invocation) -> tuple[int, int]:
    usages = [call.usage for call in turn.model_calls]
    return sum(u.input or 0 for u in usages), sum(u.output or 0 for u in usages)


def openinference() -> list[Span]:
    kind = "openinference.span.kind"
    message = "llm.output_messages.0.message"
    call = f"{message}.tool_calls.0.tool_call"
    return [
        span(
            "a",
            None,
            {
                kind: "AGENT",
                "agent.name": "helper",
                "input.value": text({"messages": [user(QUESTION)]}),
                "output.value": ANSWER,
                "output.mime_type": "text/plain",
                "session.id": "s-1",
            },
            lasts=900,
        ),
        span(
            "l1",
            "a",
            {
                kind: "LLM",
                "llm.model_name": "gpt-5",
                "llm.input_messages.0.message.role": "system",
                "llm.input_messages.0.message.content": "be brief",
                "llm.input_messages.1.message.role": "user",
                "llm.input_messages.1.message.content": QUESTION,
                f"{message}.role": "assistant",
                f"{call}.id": "call_1",
                f"{call}.function.name": "get_weather",
                f"{call}.function.arguments": '{"city": "Oslo"}',
                "llm.token_count.prompt": 10,
                "llm.token_count.completion": 2,
            },
        ),
        span(
            "t",
            "a",
            {
                kind: "TOOL",
                "tool.name": "get_weather",
                "input.value": '{"city": "Oslo"}',
                "output.value": '{"temp": 3}',
            },
            at=200,
        ),
        span(
            "l2",
            "a",
            {
                kind: "LLM",
                "llm.model_name": "gpt-5",
                f"{message}.role": "assistant",
                f"{message}.contents.0.message_content.type": "text",
                f"{message}.contents.0.message_content.text": "final_answer(...)",
                "llm.token_count.prompt": 20,
                "llm.token_count.completion": 5,
            },
            at=400,
        ),
    ]


def traceloop() -> list[Span]:
    return [
        span(
            "w",
            None,
            {
                "traceloop.span.kind": "workflow",
                "traceloop.entity.name": "helper",
                "traceloop.entity.input": text({"args": [QUESTION], "kwargs": {}}),
            },
            lasts=900,
        ),
        span(
            "l1",
            "w",
            {
                "llm.request.type": "chat",
                "gen_ai.request.model": "gpt-5",
                "gen_ai.prompt.0.role": "user",
                "gen_ai.prompt.0.content": QUESTION,
                "gen_ai.completion.0.role": "assistant",
                "gen_ai.completion.0.tool_calls.0.id": "call_1",
                "gen_ai.completion.0.tool_calls.0.name": "get_weather",
                "gen_ai.completion.0.tool_calls.0.arguments": '{"city": "Oslo"}',
                "gen_ai.usage.prompt_tokens": 10,
                "gen_ai.usage.completion_tokens": 2,
            },
        ),
        span(
            "t",
            "w",
            {
                "traceloop.span.kind": "tool",
                "traceloop.entity.name": "get_weather",
                "traceloop.entity.input": text({"inputs": {"city": "Oslo"}}),
                "traceloop.entity.output": text(
                    {"output": {"lc": 1, "kwargs": {"content": '{"temp": 3}'}}}
                ),
            },
            at=200,
        ),
        span(
            "l2",
            "w",
            {
                "gen_ai.request.model": "gpt-5",
                "gen_ai.prompt.0.role": "user",
                "gen_ai.prompt.0.content": QUESTION,
                "gen_ai.completion.0.role": "assistant",
                "gen_ai.completion.0.content": ANSWER,
                "gen_ai.usage.prompt_tokens": 20,
                "gen_ai.usage.completion_tokens": 5,
            },
            at=400,
        ),
    ]


def strands() -> list[Span]:
    system = {"gen_ai.system": "strands-agents"}
    return [
        span(
            "a",
            None,
            {
                **system,
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": "helper",
                "gen_ai.request.model": "claude",
                "gen_ai.usage.input_tokens": 30,
            },
            lasts=900,
            events=(
                event("gen_ai.user.message", content=text([{"text": QUESTION}])),
                event("gen_ai.choice", message=ANSWER + "\n", finish_reason="end_turn"),
            ),
        ),
        span("cycle", "a", {"event_loop.cycle_id": "1"}, lasts=300),
        span(
            "l1",
            "cycle",
            {
                **system,
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "claude",
                "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.output_tokens": 2,
            },
            events=(
                event("gen_ai.user.message", content=text([{"text": QUESTION}])),
                event(
                    "gen_ai.choice",
                    message=text(
                        [
                            {
                                "toolUse": {
                                    "toolUseId": "call_1",
                                    "name": "get_weather",
                                    "input": {"city": "Oslo"},
                                }
                            }
                        ]
                    ),
                ),
            ),
        ),
        span(
            "t",
            "cycle",
            {
                **system,
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "get_weather",
                "gen_ai.tool.call.id": "call_1",
            },
            at=200,
            events=(
                event("gen_ai.tool.message", role="tool", content='{"city": "Oslo"}'),
                event("gen_ai.choice", message=text([{"text": '{"temp": 3}'}])),
            ),
        ),
        span(
            "l2",
            "a",
            {
                **system,
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "claude",
                "gen_ai.usage.input_tokens": 20,
                "gen_ai.usage.output_tokens": 5,
            },
            at=400,
            events=(event("gen_ai.choice", message=text([{"text": ANSWER}])),),
        ),
    ]


def pydantic_ai() -> list[Span]:
    call = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_weather", "arguments": {"city": "Oslo"}},
    }
    asked = {**user(QUESTION), "event.name": "gen_ai.user.message"}
    requested = {
        "event.name": "gen_ai.choice",
        "index": 0,
        "message": {"role": "assistant", "tool_calls": [call]},
    }
    model = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5"}
    return [
        span(
            "a",
            None,
            {
                "agent_name": "helper",
                "model_name": "gpt-5",
                "all_messages_events": text([asked, said(ANSWER)]),
                "final_result": ANSWER,
            },
            lasts=900,
        ),
        span(
            "l1",
            "a",
            {
                **model,
                "events": text([asked, requested]),
                "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.output_tokens": 2,
            },
        ),
        span(
            "t",
            "a",
            {
                "gen_ai.tool.name": "get_weather",
                "gen_ai.tool.call.id": "call_1",
                "tool_arguments": '{"city": "Oslo"}',
                "tool_response": '{"temp": 3}',
            },
            at=200,
        ),
        span(
            "l2",
            "a",
            {**model, "gen_ai.usage.input_tokens": 20, "gen_ai.usage.output_tokens": 5},
            at=400,
        ),
    ]


def openai_agents() -> list[Span]:
    template = "logfire.msg_template"
    model = {
        template: "Responses API with {gen_ai.request.model!r}",
        "gen_ai.request.model": "gpt-5",
    }
    request = {
        "type": "function_call",
        "call_id": "call_1",
        "name": "get_weather",
        "arguments": '{"city": "Oslo"}',
    }
    return [
        span(
            "w",
            None,
            {template: "OpenAI Agents trace: {name}", "name": "Agent workflow"},
            lasts=900,
        ),
        span("a", "w", {template: "Agent run: {name!r}", "name": "helper"}, lasts=800),
        span(
            "l1",
            "a",
            {
                **model,
                "raw_input": text([user(QUESTION)]),
                "output": text([request]),
                "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.output_tokens": 2,
            },
        ),
        span(
            "t",
            "a",
            {
                template: "Function: {name}",
                "name": "get_weather",
                "input": '{"city": "Oslo"}',
                "output": '{"temp": 3}',
            },
            at=200,
        ),
        span(
            "l2",
            "a",
            {
                **model,
                "raw_input": text([user(QUESTION), request]),
                "events": text(
                    [{"event.name": "gen_ai.choice", "message": said(ANSWER)}]
                ),
                "gen_ai.usage.input_tokens": 20,
                "gen_ai.usage.output_tokens": 5,
            },
            at=400,
        ),
    ]


def vercel() -> list[Span]:
    asked = text([{"role": "user", "content": [{"type": "text", "text": QUESTION}]}])
    request = {
        "toolCallId": "call_1",
        "toolName": "get_weather",
        "input": {"city": "Oslo"},
    }
    model = {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.model.id": "gpt-5",
        "ai.prompt.messages": asked,
    }
    return [
        span(
            "a",
            None,
            {
                "ai.operationId": "ai.generateText",
                "ai.telemetry.functionId": "helper",
                "ai.prompt": text({"prompt": QUESTION}),
                "ai.response.text": ANSWER,
                "ai.usage.promptTokens": 30,
            },
            lasts=900,
        ),
        span(
            "l1",
            "a",
            {
                **model,
                "ai.response.toolCalls": text([request]),
                "ai.usage.promptTokens": 10,
                "ai.usage.completionTokens": 2,
            },
        ),
        span(
            "t",
            "a",
            {
                "ai.operationId": "ai.toolCall",
                "ai.toolCall.name": "get_weather",
                "ai.toolCall.id": "call_1",
                "ai.toolCall.args": '{"city": "Oslo"}',
                "ai.toolCall.result": '{"temp": 3}',
            },
            at=200,
        ),
        span(
            "l2",
            "a",
            {
                **model,
                "ai.response.text": ANSWER,
                "gen_ai.usage.input_tokens": 20,
                "gen_ai.usage.output_tokens": 5,
            },
            at=400,
        ),
    ]


def langfuse() -> list[Span]:
    prefix = "langfuse.observation."
    request = {
        "role": "assistant",
        "tool_calls": [
            {
                "id": "call_1",
                "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
            }
        ],
    }
    return [
        span(
            "a",
            None,
            {prefix + "type": "agent", prefix + "output": ANSWER},
            lasts=900,
            resource={"langfuse.trace.input": QUESTION, "session.id": "s-1"},
        ),
        span(
            "l1",
            "a",
            {
                prefix + "type": "generation",
                prefix + "model.name": "gpt-5",
                prefix + "input": text([user(QUESTION)]),
                prefix + "output": text(request),
                prefix + "usage_details": text({"input": 10, "output": 2}),
            },
        ),
        span(
            "t",
            "a",
            {
                prefix + "type": "tool",
                prefix + "input": '{"city": "Oslo"}',
                prefix + "output": '{"temp": 3}',
            },
            name="get_weather",
            at=200,
        ),
        span(
            "l2",
            "a",
            {
                prefix + "type": "generation",
                prefix + "output": ANSWER,
                prefix + "usage_details": {"prompt_tokens": 20, "output": 5},
            },
            at=400,
        ),
    ]


def mlflow() -> list[Span]:
    request = {
        "role": "assistant",
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
            }
        ],
    }

    def model(output: Any, given: int, made: int) -> dict[str, Any]:
        counts = {"input_tokens": given, "output_tokens": made}
        return {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.llm.model": "gpt-5",
            "mlflow.spanInputs": text({"messages": [user(QUESTION)], "model": "gpt-5"}),
            "mlflow.spanOutputs": text({"choices": [{"message": output}]}),
            "mlflow.chat.tokenUsage": text(counts),
        }

    return [
        span(
            "a",
            None,
            {
                "mlflow.spanType": '"AGENT"',
                "mlflow.spanInputs": text({"question": QUESTION}),
                "mlflow.spanOutputs": text(ANSWER),
            },
            lasts=900,
        ),
        span("l1", "a", model(request, 10, 2)),
        span(
            "t",
            "a",
            {
                "mlflow.spanType": '"TOOL"',
                "mlflow.spanInputs": text({"city": "Oslo"}),
                "mlflow.spanOutputs": text({"temp": 3}),
            },
            name="get_weather",
            at=200,
        ),
        span("l2", "a", model(said(ANSWER), 20, 5), at=400),
    ]


@pytest.mark.parametrize(
    "spans",
    [
        pytest.param(openinference(), id="OpenInference"),
        pytest.param(traceloop(), id="OpenLLMetry"),
        pytest.param(strands(), id="Strands"),
        pytest.param(pydantic_ai(), id="Pydantic AI"),
        pytest.param(openai_agents(), id="OpenAI Agents"),
        pytest.param(vercel(), id="Vercel AI SDK"),
        pytest.param(langfuse(), id="Langfuse"),
        pytest.param(mlflow(), id="MLflow"),
    ],
)
def test_a_run_with_one_tool_reads_the_same_in_every_dialect(spans: list[Span]) -> None:
    turn = only_turn(*spans)

    assert asked_and_answered(turn) == (QUESTION, ANSWER)
    assert calls_of(turn) == [CALL]
    assert turn.tool_calls[0].response == {"temp": 3}
    assert tokens_of(turn) == (30, 7)
    assert turn.gaps == ()


def test_autogen_questions_and_answers_come_from_its_runtime_messages() -> None:
    def message(**fields: Any) -> dict[str, Any]:
        return {"messaging.operation": "process", "message": text(fields)}

    question = {"type": "TextMessage", "source": "user", "content": QUESTION}
    summary = {"type": "ToolCallSummaryMessage", "source": "helper", "content": "{}"}
    answer = {"type": "TextMessage", "source": "helper", "content": ANSWER}
    agent = {
        "gen_ai.system": "autogen",
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "helper",
    }
    tool = {
        "gen_ai.system": "autogen",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "get_weather",
        "gen_ai.tool.call.id": "call_1",
    }

    turn = only_turn(
        span("root", name="run", lasts=2000),
        span("p1", "root", message(messages=[question]), at=1),
        span("a1", "root", agent, at=10),
        span("t", "a1", tool, at=20),
        span("p2", "root", message(response={"chat_message": summary}), at=200),
        span("a2", "root", agent, at=300),
        span("p3", "root", message(message=answer), at=400),
    )

    assert asked_and_answered(turn) == (QUESTION, ANSWER)
    assert [call.name for call in turn.tool_calls] == ["get_weather"]
    assert turn.tool_calls[0].args is None


def test_ag2_conversations_are_workflows() -> None:
    turn = only_turn(
        span("w", None, {"ag2.span.type": "conversation"}, lasts=900),
        span("a1", "w", {"ag2.span.type": "agent", "gen_ai.agent.name": "one"}, at=1),
        span("a2", "w", {"ag2.span.type": "agent", "gen_ai.agent.name": "two"}, at=200),
        span("t", "a2", {"ag2.span.type": "tool", "gen_ai.tool.name": "f"}, at=210),
    )

    assert (turn.agent_name, turn.nested_agents) == ("one", ("two",))


def test_a_langfuse_export_file_is_read() -> None:
    observations = [
        {
            "id": "a",
            "traceId": "tr",
            "type": "AGENT",
            "name": "run",
            "startTime": "2024-01-01T00:00:00Z",
            "endTime": "2024-01-01T00:00:09Z",
            "input": {"question": QUESTION},
            "output": ANSWER,
        },
        {
            "id": "g",
            "traceId": "tr",
            "parentObservationId": "a",
            "type": "GENERATION",
            "name": "llm",
            "startTime": "2024-01-01T00:00:01Z",
            "endTime": "2024-01-01T00:00:02Z",
            "model": "gpt-5",
            "input": [user(QUESTION)],
            "output": said(ANSWER),
            "usageDetails": {"input": 10, "output": 2},
        },
    ]
    document = {"trace": {"id": "tr", "sessionId": "s-1"}, "observations": observations}

    (trace,) = load(json.dumps(document).encode()).traces
    (turn,) = convert(trace).invocations

    assert asked_and_answered(turn) == (QUESTION, ANSWER)
    assert tokens_of(turn) == (10, 2)
    assert turn.conversation_id == "s-1"


def test_openinference_sub_agents_are_named_by_their_callers() -> None:
    kind = "openinference.span.kind"
    arguments = {"subagent_type": "research", "prompt": "look it up"}

    turn = only_turn(
        span(
            "a",
            None,
            {kind: "AGENT", "input.value": QUESTION, "output.value": ANSWER},
            lasts=900,
        ),
        span(
            "t",
            "a",
            {kind: "TOOL", "tool.name": "Agent", "input.value": text(arguments)},
            lasts=500,
        ),
        span("s", "t", {kind: "AGENT", "agent.name": "Agent"}, lasts=850),
        span("u", "s", {kind: "TOOL", "tool.name": "Bash"}, at=10),
    )

    assert turn.nested_agents == ("research",)
    assert [(c.name, c.agent) for c in turn.tool_calls] == [
        ("Agent", None),
        ("Bash", "research"),
    ]


def test_a_chain_at_the_root_is_the_outermost_agent() -> None:
    kind = "openinference.span.kind"

    turn = only_turn(
        span(
            "c",
            None,
            {kind: "CHAIN", "input.value": text({"messages": [[user(QUESTION)]]})},
            lasts=900,
        ),
        span("a", "c", {kind: "AGENT", "agent.name": "one"}, at=1),
        span("b", "c", {kind: "AGENT", "agent.name": "two"}, at=300),
        span("l", "b", {kind: "LLM", "output.value": text(said(ANSWER))}, at=310),
    )

    assert asked_and_answered(turn) == (QUESTION, ANSWER)
    assert (turn.agent_name, turn.nested_agents) == ("one", ("two",))


def test_tokens_of_an_agent_count_where_no_model_call_was_recorded() -> None:
    conversation = conversation_of(
        span(
            "a",
            None,
            {
                "openinference.span.kind": "AGENT",
                "input.value": QUESTION,
                "output.value": ANSWER,
                "llm.model_name": "claude",
                "llm.token_count.prompt": 132,
                "llm.token_count.completion": 850,
            },
        )
    )

    assert conversation.performance is not None
    assert conversation.performance["tokens"]["total"] == 982
    assert conversation.performance["models"] == ["claude"]
    assert conversation.performance["counts"]["llm_calls"] == 0


def test_an_embedding_of_any_dialect_answers_nothing() -> None:
    turn = only_turn(
        span("a", None, {"mlflow.spanType": "AGENT", "mlflow.spanInputs": QUESTION}),
        span(
            "l",
            "a",
            {"mlflow.spanType": "CHAT_MODEL", "mlflow.spanOutputs": ANSWER},
            at=1,
        ),
        span("e", "a", {"langfuse.observation.type": "embedding"}, at=500),
    )

    assert asked_and_answered(turn) == (QUESTION, ANSWER)
    assert len(turn.model_calls) == 2


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        pytest.param(
            {"args": [], "kwargs": {"city": "Oslo"}}, {"city": "Oslo"}, id="named"
        ),
        pytest.param({"args": ["Oslo"], "kwargs": {}}, {"city": "Oslo"}, id="by place"),
    ],
)
def test_arguments_of_smolagents_are_unwrapped(recorded: Any, expected: Any) -> None:
    turn = only_turn(
        span("a", None, {"openinference.span.kind": "AGENT", "input.value": QUESTION}),
        span(
            "t",
            "a",
            {
                "openinference.span.kind": "TOOL",
                "tool.name": "get_weather",
                "tool.parameters": text({"city": {"type": "string"}}),
                "input.value": text(recorded),
            },
        ),
    )

    assert turn.tool_calls[0].args == expected


def test_a_langfuse_level_is_an_error() -> None:
    prefix = "langfuse.observation."

    turn = only_turn(
        span("a", None, {prefix + "type": "agent", prefix + "input": QUESTION}),
        span(
            "t",
            "a",
            {
                prefix + "type": "tool",
                prefix + "level": "ERROR",
                prefix + "status_message": "boom",
            },
            name="get_weather",
        ),
    )

    assert [call.error for call in turn.tool_calls] == ["boom"]


def test_the_first_strands_wrote_tools_in_attributes() -> None:
    system = {"gen_ai.system": "strands-agents"}

    turn = only_turn(
        span(
            "l",
            None,
            {
                **system,
                "gen_ai.request.model": "claude",
                "gen_ai.prompt": text([user([{"text": QUESTION}])]),
                "gen_ai.completion": text([{"text": ANSWER}]),
            },
        ),
        span(
            "t",
            "l",
            {
                **system,
                "tool.name": "get_weather",
                "tool.id": "call_1",
                "tool.parameters": '{"city": "Oslo"}',
                "tool.result": text([{"text": "3 degrees"}]),
            },
            at=10,
        ),
    )

    assert asked_and_answered(turn)[0] == QUESTION
    assert calls_of(turn) == [CALL]


@pytest.mark.parametrize("args", [True, 7, "hello", {}, [], None], ids=repr)
def test_arguments_of_openllmetry_that_are_no_list_say_nothing(args: Any) -> None:
    attributes = {
        "traceloop.span.kind": "workflow",
        "traceloop.entity.name": "helper",
        "traceloop.entity.input": text({"args": args}),
    }
    _workflow, *calls = traceloop()

    turn = only_turn(span("w", None, attributes, lasts=900), *calls)

    assert asked_and_answered(turn)[0] == QUESTION
