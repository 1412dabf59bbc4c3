from __future__ import annotations

from typing import Any

import pytest

from evaluation.conversation.model import to_contract
from evaluation.traces.model import LogRecord, SpanEvent
from tests.evaluation.conversation.spans import (
    TRACE_ID,
    agent,
    asked_and_answered,
    asks_for,
    chat,
    conversation_of,
    event,
    only_turn,
    said,
    span,
    text,
    tool,
    user,
)


def test_an_agent_with_a_tool_is_one_turn_in_the_contract_shape() -> None:
    turn = only_turn(
        agent("root", lasts=1000),
        chat("l1", "root", [user("q")], [asks_for("f", "c1", city="Rome")], at=10),
        tool("t", "root", "f", call_id="c1", result='{"temp": 21}', at=300),
        chat("l2", "root", [user("q")], [said("It is 21.")], at=400),
    )

    document = to_contract(turn)
    assert document["invocation_id"] == "genai-root"
    assert document["final_response"]["parts"] == [{"text": "It is 21."}]
    assert document["intermediate_data"] == {
        "tool_uses": [{"id": "c1", "name": "f", "args": {"city": "Rome"}}],
        "tool_responses": [{"id": "c1", "name": "f", "response": {"temp": 21}}],
        "intermediate_responses": [],
    }


def test_a_plain_chat_is_a_turn_without_an_agent() -> None:
    turn = only_turn(chat("l", None, [user("q")], [said("a")]))

    assert (turn.invocation_id, turn.agent_name) == ("genai-l", None)
    assert asked_and_answered(turn) == ("q", "a")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param({"role": "human", "content": "x"}, "x", id="human"),
        pytest.param(
            user([{"type": "text", "text": "a"}, {"type": "image_url"}, {"text": "b"}]),
            "a b",
            id="content list",
        ),
        pytest.param(
            {
                "role": "user",
                "parts": [
                    {"type": "text", "text": "a"},
                    {"type": "reasoning", "content": "no"},
                    {"type": "text", "content": "b"},
                ],
            },
            "a b",
            id="parts",
        ),
        pytest.param(
            {"lc": 1, "id": ["x", "HumanMessage"], "kwargs": {"content": "x"}},
            "x",
            id="LangChain",
        ),
    ],
)
def test_questions_of_any_shape_are_read(message: Any, expected: str) -> None:
    turn = only_turn(chat("l", None, [message], [said("a")]))

    assert asked_and_answered(turn) == (expected, "a")


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param("{malformed", id="no JSON"),
        pytest.param(text({"role": "user", "content": "q"}), id="an object"),
        pytest.param("hello?", id="plain text"),
        pytest.param(text([user(["bare"])]), id="bare text in a list"),
        pytest.param(text([{"role": "USER", "content": "q"}]), id="unknown role"),
    ],
)
def test_input_without_a_user_message_is_no_turn_and_says_why(messages: str) -> None:
    attributes = {"gen_ai.input.messages": messages}

    conversation = conversation_of(
        chat("l", None, output=[said("a")], attributes=attributes)
    )

    assert conversation.invocations == ()
    assert "Failed to convert span l" in conversation.warnings[0]
    assert "no user message found" in conversation.warnings[0]


def test_a_text_that_is_no_text_does_not_cost_the_turn() -> None:
    turn = only_turn(chat("l", None, [user([{"text": {"x": 1}}])], [said("a")]))

    assert asked_and_answered(turn) == (None, "a")
    assert [gap.code for gap in turn.gaps] == ["user_content_unreadable"]


def test_without_captured_content_tokens_still_make_a_turn() -> None:
    conversation = conversation_of(chat("l"))

    (turn,) = conversation.invocations
    assert asked_and_answered(turn) == (None, None)
    assert [gap.code for gap in turn.gaps] == [
        "message_content_missing",
        "user_content_missing",
    ]
    assert "missing message content" in conversation.warnings[0]


def test_a_missing_answer_is_unknown_not_empty() -> None:
    turn = only_turn(chat("l", None, [user("q")]))

    assert asked_and_answered(turn) == ("q", None)
    assert [gap.code for gap in turn.gaps] == ["final_response_missing"]


def test_messages_in_an_event_of_any_name_are_read() -> None:
    details = event(
        "details",
        gen_ai__input__messages=text([user("q")]),
        gen_ai__output__messages=[said("a")],
    )

    turn = only_turn(chat("l", events=(details,)))

    assert asked_and_answered(turn) == ("q", "a")


def test_an_attribute_wins_over_an_event() -> None:
    details = event("details", gen_ai__input__messages=text([user("from event")]))

    turn = only_turn(chat("l", None, [user("q")], [said("a")], events=(details,)))

    assert asked_and_answered(turn)[0] == "q"


def test_deprecated_message_events_are_read() -> None:
    events = (
        event("gen_ai.system.message", content="be brief"),
        event("gen_ai.user.message", content="weather?"),
        event("gen_ai.choice", message=text(said("sunny")), index=0),
    )

    turn = only_turn(chat("l", events=events))

    assert asked_and_answered(turn) == ("weather?", "sunny")


def test_deprecated_messages_in_log_records_are_read() -> None:
    def record(name: str, body: Any, **fields: Any) -> LogRecord:
        return LogRecord(
            trace_id=TRACE_ID, span_id="l", event_name=name, body=body, **fields
        )

    call = {"id": "c1", "function": {"name": "f", "arguments": '{"a": 1}'}}
    logs = (
        record("gen_ai.user.message", {"content": "q"}),
        record(
            "",
            {"message": {"role": "assistant", "tool_calls": [call]}},
            attributes={"event.name": "gen_ai.choice"},
        ),
    )

    turn = only_turn(chat("l", logs=logs))

    assert asked_and_answered(turn)[0] == "q"
    assert [(c.call_id, c.args) for c in turn.tool_calls] == [("c1", {"a": 1})]


def test_messages_of_the_oldest_attributes_are_read() -> None:
    prompt = SpanEvent(
        name="gen_ai.content.prompt",
        attributes={"gen_ai.prompt": text([user("q")])},
    )
    attributes = {"gen_ai.completion": text([said("a")])}

    turn = only_turn(chat("l", events=(prompt,), attributes=attributes))

    assert asked_and_answered(turn) == ("q", "a")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(("input_tokens", "output_tokens"), (12, 7), id="current"),
        pytest.param(("prompt_tokens", "completion_tokens"), (12, 7), id="deprecated"),
    ],
)
@pytest.mark.parametrize("written", [str, int, float], ids=["text", "int", "float"])
def test_tokens_of_every_name_and_type_count(
    names: tuple[str, str], expected: tuple[int, int], written: type
) -> None:
    attributes = {
        f"gen_ai.usage.{name}": written(count)
        for name, count in zip(names, expected, strict=True)
    } | {"gen_ai.request.model": "m"}
    attributes["gen_ai.input.messages"] = text([user("q")])

    turn = only_turn(span("l", None, attributes))

    usage = turn.model_calls[0].usage
    assert (usage.input, usage.output) == expected


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("cache_read.input_tokens", "cache_read"),
        ("cache_read_input_tokens", "cache_read"),
        ("cache_creation.input_tokens", "cache_creation"),
        ("cache_write.input_tokens", "cache_creation"),
        ("cache_write_input_tokens", "cache_creation"),
        ("reasoning.output_tokens", "thought"),
    ],
)
def test_cached_and_thought_tokens_count_in_every_spelling(
    name: str, field: str
) -> None:
    turn = only_turn(
        chat("l", None, [user("q")], attributes={f"gen_ai.usage.{name}": "3"})
    )

    assert getattr(turn.model_calls[0].usage, field) == 3


def test_a_model_known_only_by_the_response_is_a_model_call() -> None:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.response.model": "gpt-4o-mini",
        "gen_ai.input.messages": text([user("q")]),
        "gen_ai.output.messages": text([said("a")]),
    }

    turn = only_turn(agent("r"), span("l", "r", attributes))

    assert asked_and_answered(turn) == ("q", "a")
    assert turn.model_calls[0].response_model == "gpt-4o-mini"


def test_an_agent_span_that_names_a_model_is_no_model_call() -> None:
    turn = only_turn(
        agent("r", attributes={"gen_ai.request.model": "gpt-4o"}),
        chat("l", "r", [user("q")], [said("a")]),
    )

    assert [call.span_id for call in turn.model_calls] == ["l"]
    assert asked_and_answered(turn) == ("q", "a")


def test_a_tool_span_that_names_a_model_is_a_tool() -> None:
    attributes = {"gen_ai.tool.name": "f", "gen_ai.request.model": "m"}

    turn = only_turn(
        agent("r"),
        chat("l", "r", [user("q")], [said("a")]),
        span("t", "r", attributes, at=200),
    )

    assert [call.name for call in turn.tool_calls] == ["f"]
    assert asked_and_answered(turn)[1] == "a"


def test_a_model_on_the_resource_makes_no_model_calls() -> None:
    resource = {"gen_ai.request.model": "gpt-4o"}

    turn = only_turn(
        agent("r", resource=resource),
        span("db", "r", name="SELECT", resource=resource),
        chat("l", "r", [user("q")], [said("a")], resource=resource),
    )

    assert [call.span_id for call in turn.model_calls] == ["l"]


def test_a_resource_fills_gaps_and_never_overwrites() -> None:
    resource = {"gen_ai.request.model": "other", "gen_ai.agent.name": "helper"}
    unnamed = {"gen_ai.operation.name": "invoke_agent"}

    turn = only_turn(
        span("r", None, unnamed, resource=resource),
        chat("l", "r", [user("q")], [said("a")], resource=resource),
    )

    assert turn.agent_name == "helper"
    assert turn.model_calls[0].request_model == "gpt-4o"


def test_span_names_with_keywords_mean_nothing() -> None:
    turn = only_turn(
        span("root", name="GET /user-agent-check", lasts=900),
        chat("l", "root", [user("q")], [said("a")]),
        tool("t", "root", "ask_agent", at=200),
    )

    assert (turn.agent_name, turn.nested_agents) == (None, ())
    assert [call.name for call in turn.tool_calls] == ["ask_agent"]


def test_messages_on_the_agent_alone_make_a_turn() -> None:
    attributes = {
        "gen_ai.input.messages": text([user("top question")]),
        "gen_ai.output.messages": text([said("top answer")]),
    }

    turn = only_turn(agent("r", attributes=attributes))

    assert asked_and_answered(turn) == ("top question", "top answer")


def test_tools_without_model_calls_make_a_turn() -> None:
    turn = only_turn(agent("r"), tool("t", "r", "f", args='{"a": 1}'))

    assert [(c.name, c.args) for c in turn.tool_calls] == [("f", {"a": 1})]
    assert turn.user_content is None


def test_ids_of_case_and_conversation_are_kept() -> None:
    attributes = {"gen_ai.conversation.id": "conv-1"}
    resource = {"agentevals.eval.case.id": "case-7"}

    turn = only_turn(
        span("root", resource=resource),
        chat("l", "root", [user("q")], [said("a")], attributes=attributes),
    )

    assert (turn.case_id, turn.conversation_id) == ("case-7", "conv-1")


@pytest.mark.parametrize("name", ["session.id", "agentevals.session_name"])
def test_a_session_is_a_conversation(name: str) -> None:
    turn = only_turn(chat("l", None, [user("q")], resource={name: "s-1"}))

    assert turn.conversation_id == "s-1"


def test_finish_reasons_are_a_list_whatever_they_were() -> None:
    reasons = {"gen_ai.response.finish_reasons": '["stop"]'}

    turn = only_turn(chat("l", None, [user("q")], attributes=reasons))

    assert turn.model_calls[0].finish_reasons == ("stop",)


def test_a_question_that_is_a_number_stays_text() -> None:
    events = (
        event("gen_ai.user.message", content="42"),
        event("gen_ai.choice", message=text({"role": "assistant", "content": "true"})),
    )

    turn = only_turn(chat("l", events=events))

    assert asked_and_answered(turn) == ("42", "true")


def test_making_an_agent_is_no_turn() -> None:
    attributes = {"gen_ai.operation.name": "create_agent", "gen_ai.request.model": "m"}

    conversation = conversation_of(span("c", None, attributes))

    assert [gap.code for gap in conversation.gaps] == ["no_turns"]


def test_unreadable_messages_of_a_wrapper_do_not_hide_those_inside() -> None:
    broken = {"gen_ai.input.messages": "{nope", "gen_ai.output.messages": "nope"}

    turn = only_turn(
        chat("w", attributes=broken), chat("l", "w", [user("q")], [said("a")], at=1)
    )

    assert asked_and_answered(turn) == ("q", "a")
    assert len(turn.model_calls) == 1
