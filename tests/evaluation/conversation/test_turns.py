from __future__ import annotations

import msgspec

from tests.evaluation.conversation.spans import (
    adk_agent,
    adk_tool,
    agent,
    asked_and_answered,
    asked_in_adk,
    asks_for,
    call_llm,
    chat,
    conversation_of,
    only_turn,
    said,
    span,
    tool,
    user,
)


def texts(*spans: object) -> list[tuple[str | None, str | None]]:
    conversation = conversation_of(*spans)  # type: ignore[arg-type] - spans all
    return [asked_and_answered(turn) for turn in conversation.invocations]


def test_two_agents_below_one_plain_root_are_two_turns() -> None:
    conversation = conversation_of(
        span("root", name="POST /chat", lasts=2000),
        agent("a1", "root", at=5),
        chat("l1", "a1", [user("first q")], [said("first a")], at=10),
        agent("a2", "root", at=500),
        chat("l2", "a2", [user("second q")], [said("second a")], at=510),
    )

    assert [turn.invocation_id for turn in conversation.invocations] == [
        "genai-a1",
        "genai-a2",
    ]
    assert [asked_and_answered(turn) for turn in conversation.invocations] == [
        ("first q", "first a"),
        ("second q", "second a"),
    ]


def test_one_agent_below_a_plain_root_keeps_the_id_of_the_root() -> None:
    turn = only_turn(
        span("root", name="POST /chat", lasts=900),
        agent("a", "root", at=5),
        chat("l", "a", [user("q")], [said("a")], at=10),
    )

    assert (turn.invocation_id, turn.agent_name) == ("genai-root", "planner")


def test_the_same_question_twice_is_two_turns() -> None:
    found = texts(
        agent("r1"),
        chat("l1", "r1", [user("again")], [said("one")], at=10),
        agent("r2", at=5000),
        chat("l2", "r2", [user("again")], [said("two")], at=5010),
    )

    assert found == [("again", "one"), ("again", "two")]


def test_turns_come_in_time_order_whatever_the_file_says() -> None:
    found = texts(
        chat("l2", None, [user("Q2")], [said("A2")], at=500),
        chat("l1", None, [user("Q1")], [said("A1")]),
    )

    assert found == [("Q1", "A1"), ("Q2", "A2")]


def test_an_agent_root_does_not_hide_a_model_root() -> None:
    found = texts(
        agent("r1"),
        chat("l1", "r1", [user("in agent")], [said("one")], at=10),
        chat("x", None, [user("outside")], [said("two")], at=500),
    )

    assert found == [("in agent", "one"), ("outside", "two")]


def test_model_roots_of_one_tool_loop_are_one_turn() -> None:
    turn = only_turn(
        chat("s1", None, [user("Roll")], [asks_for("roll", "c1", sides=6)]),
        chat("s2", None, [user("Roll")], [said("You got 3")], at=400),
    )

    assert asked_and_answered(turn) == ("Roll", "You got 3")
    assert [(c.name, c.args) for c in turn.tool_calls] == [("roll", {"sides": 6})]
    assert len(turn.model_calls) == 2


def test_a_root_tool_belongs_to_the_loop_around_it() -> None:
    turn = only_turn(
        chat("s1", None, [user("Roll")], [asks_for("roll", "c1", sides=6)]),
        tool("t", None, "roll", call_id="c1", result="3", at=200),
        chat("s2", None, [user("Roll")], [said("You got 3")], at=400),
    )

    assert [(c.span_id, c.response) for c in turn.tool_calls] == [("t", {"result": 3})]


def test_model_calls_below_one_plain_root_are_steps_of_one_turn() -> None:
    found = texts(
        span("root", lasts=900),
        chat("l1", "root", [user("plan it")], [said("a plan")], at=10),
        chat("l2", "root", [user("write it")], [said("a text")], at=300),
    )

    assert found == [("plan it", "a text")]


def test_model_calls_that_carry_the_dialogue_on_are_turns_of_their_own() -> None:
    history = [user("Q1"), said("A1"), user("Q2")]

    found = texts(
        span("root", lasts=900),
        chat("l1", "root", [user("Q1")], [said("A1")], at=10),
        chat("l2", "root", history, [said("A2")], at=300),
        tool("t", "root", "f", at=310),
    )

    assert found == [("Q1", "A1"), ("Q2", "A2")]


def test_a_delegate_beside_its_caller_belongs_to_the_callers_turn() -> None:
    turn = only_turn(
        span("w", name="job", lasts=2000),
        agent("c", "w", agent_name="coordinator", at=1, lasts=1000),
        chat("l1", "c", [user("q")], [asks_for("ask", query="sub q")], at=2),
        tool("t", "c", "ask", at=200, lasts=300),
        agent("d", "w", agent_name="specialist", at=210, lasts=200),
        chat("l2", "d", [user("sub q")], [said("sub a")], at=220),
        tool("u", "d", "look", at=330, lasts=10),
        chat("l3", "c", [user("q")], [said("a")], at=600),
    )

    assert asked_and_answered(turn) == ("q", "a")
    assert (turn.agent_name, turn.nested_agents) == ("coordinator", ("specialist",))
    assert [(c.name, c.agent) for c in turn.tool_calls] == [
        ("ask", None),
        ("look", "specialist"),
    ]


def test_a_hand_over_between_siblings_is_one_turn() -> None:
    turn = only_turn(
        span("w", name="job", lasts=2000),
        agent("a", "w", agent_name="triage", at=1),
        chat("l1", "a", [user("q")], [asks_for("transfer_to_expert", "c1")], at=2),
        agent("b", "w", agent_name="expert", at=300),
        chat("l2", "b", [user("q")], [said("a")], at=310),
    )

    assert asked_and_answered(turn) == ("q", "a")
    assert turn.nested_agents == ("expert",)


def test_an_agent_below_a_tool_of_a_plain_loop_is_a_delegate() -> None:
    turn = only_turn(
        span("root", lasts=2000),
        chat("l1", "root", [user("q")], [asks_for("ask", "c1")], at=1),
        tool("t", "root", "ask", call_id="c1", at=200, lasts=300),
        agent("d", "t", agent_name="helper", at=210, lasts=200),
        chat("l2", "d", [user("sub q")], [said("sub a")], at=220),
        chat("l3", "root", [user("q")], [said("a")], at=600),
    )

    assert asked_and_answered(turn) == ("q", "a")
    assert (turn.agent_name, turn.nested_agents) == (None, ("helper",))


def test_an_agent_below_a_tool_of_nobody_is_the_outermost() -> None:
    turn = only_turn(
        tool("t", None, "serve", lasts=900),
        agent("a", "t", at=10),
        chat("l", "a", [user("q")], [said("a")], at=20),
    )

    assert asked_and_answered(turn) == ("q", "a")
    assert turn.agent_name == "planner"


def test_a_call_beside_the_agent_asks_no_question() -> None:
    turn = only_turn(
        span("root", lasts=900),
        chat("title", "root", [user("name this chat")], [said("A chat")], at=1),
        agent("a", "root", at=10),
        chat("l", "a", [user("q")], [said("a")], at=20),
    )

    assert asked_and_answered(turn) == ("q", "a")
    assert len(turn.model_calls) == 2


def test_a_conversation_on_every_span_is_read_once() -> None:
    given = [user("Q1"), user("Q2"), user("Q3")]
    output = [asks_for("roll", "c1"), said("A1"), asks_for("check", "c2"), said("A2")]
    spans = [chat(f"llm{n}0000000", None, given, output, at=500 * n) for n in range(3)]

    conversation = conversation_of(*spans)

    assert [turn.invocation_id for turn in conversation.invocations] == [
        "genai-turn-1-llm00000",
        "genai-turn-2-llm00000",
        "genai-turn-3-llm00000",
    ]
    assert [asked_and_answered(turn) for turn in conversation.invocations] == [
        ("Q1", "A1"),
        ("Q2", "A2"),
        ("Q3", ""),
    ]
    assert [[c.name for c in t.tool_calls] for t in conversation.invocations] == [
        ["roll"],
        ["check"],
        [],
    ]
    assert conversation.performance is not None
    assert conversation.performance["counts"]["invocations"] == 3


def test_a_conversation_without_answers_on_every_span_is_its_last_question() -> None:
    given = [user("Q1"), user("Q2")]
    spans = [chat(f"l{n}", None, given, at=500 * n) for n in range(3)]

    conversation = conversation_of(*spans)

    (turn,) = conversation.invocations
    assert turn.invocation_id == "genai-l0"
    assert asked_and_answered(turn) == ("Q2", None)
    assert [gap.code for gap in turn.gaps] == ["final_response_missing"]
    assert conversation.performance is not None
    assert conversation.performance["counts"]["invocations"] == 1


def test_a_tool_call_without_a_start_encloses_no_agent() -> None:
    call = {"function_call": {"name": "f", "args": {}, "id": "c1"}}
    tool_span = adk_tool("t", "l", "f", call_id="c1", at=10, lasts=900)

    turn = only_turn(
        adk_agent("i"),
        call_llm("l", "i", asked_in_adk("q"), [{"text": "a"}, call]),
        msgspec.structs.replace(tool_span, start_ns=None),
    )

    assert asked_and_answered(turn) == ("q", "a")
    assert [called.name for called in turn.tool_calls] == ["f"]


def test_examples_in_the_input_are_no_earlier_turns() -> None:
    example = [user("example question"), said("example answer")]

    found = texts(
        chat("l1", None, [*example, user("one")], [said("answer one")]),
        chat("l2", None, [*example, user("two")], [said("answer two")], at=900),
    )

    assert found == [("one", "answer one"), ("two", "answer two")]


def test_a_trace_may_mix_dialects() -> None:
    found = texts(
        adk_agent("i"),
        call_llm("l", "i", asked_in_adk("in ADK"), [{"text": "one"}]),
        agent("r", at=500),
        chat("x", "r", [user("in GenAI")], [said("two")], at=510),
    )

    assert found == [("in ADK", "one"), ("in GenAI", "two")]


def test_an_empty_agent_span_beside_a_full_one_is_no_turn() -> None:
    turn = only_turn(
        agent("client", agent_name="remote"),
        adk_agent("i", at=10),
        call_llm("l", "i", asked_in_adk("q"), [{"text": "a"}], at=20),
    )

    assert turn.invocation_id == "i"


def test_embeddings_are_no_turn() -> None:
    attributes = {
        "gen_ai.operation.name": "embeddings",
        "gen_ai.request.model": "text-embed",
    }

    conversation = conversation_of(span("r"), span("e", "r", attributes))

    assert conversation.invocations == ()
    assert conversation.performance is not None
    assert conversation.performance["models"] == ["text-embed"]


def test_a_failed_turn_tells_its_error() -> None:
    turn = only_turn(
        agent("r"),
        chat("l", "r", [user("q")], status="error", status_message="429"),
    )

    assert (turn.error, turn.model_calls[0].error) == ("429", "429")
    assert asked_and_answered(turn) == ("q", None)


def test_tools_of_nobody_are_no_turn() -> None:
    conversation = conversation_of(
        tool("t", None, "serve", lasts=900),
        chat("l", "t", [user("summarise")], [said("short")], at=10),
    )

    assert conversation.invocations == ()
    assert conversation.performance is not None
    assert conversation.performance["counts"]["tool_calls"] == 1


def test_a_wrapper_without_a_name_is_not_the_agent_that_the_user_knows() -> None:
    turn = only_turn(
        span("w", None, {"openinference.span.kind": "AGENT"}, lasts=900),
        agent("a", "w", agent_name="triage", at=1),
        chat("l", "a", [user("q")], [said("a")], at=2),
        tool("t", "a", "f", at=200),
    )

    assert (turn.agent_name, turn.nested_agents) == ("triage", ())
    assert [call.agent for call in turn.tool_calls] == [None]


def test_an_agent_is_named_by_its_span_where_nothing_else_names_it() -> None:
    attributes = {"gen_ai.operation.name": "invoke_agent"}

    turn = only_turn(
        span("r", None, attributes, name="invoke_agent helper"),
        chat("l", "r", [user("q")], [said("a")]),
    )

    assert turn.agent_name == "helper"


def test_one_conversation_of_calls_only_is_not_one_tool_loop() -> None:
    given = [user("Q1"), user("Q2")]
    output = [asks_for("f", "c1")]

    conversation = conversation_of(
        chat("l1", None, given, output), chat("l2", None, given, output, at=500)
    )

    assert [asked_and_answered(turn) for turn in conversation.invocations] == [
        ("Q1", ""),
        ("Q2", ""),
    ]


def test_blank_questions_of_one_conversation_are_passed_over_and_counted() -> None:
    given = [user("Q1"), user(""), user("Q3")]
    output = [said("A1"), said("A3")]

    conversation = conversation_of(
        chat("l1", None, given, output), chat("l2", None, given, output, at=500)
    )

    assert [turn.invocation_id for turn in conversation.invocations] == [
        "genai-turn-1-l1",
        "genai-turn-3-l1",
    ]
    assert [asked_and_answered(turn) for turn in conversation.invocations] == [
        ("Q1", "A1"),
        ("Q3", "A3"),
    ]


def test_a_wrapper_around_two_provider_calls_counts_both() -> None:
    wrapper = {"gen_ai.request.model": "m"}

    turn = only_turn(
        span("w", None, wrapper, lasts=900),
        chat("l1", "w", [user("q")], status="error"),
        chat("l2", "w", [user("q")], [said("a")], at=300),
    )

    (call,) = turn.model_calls
    assert (call.usage.input, call.usage.output) == (24, 14)
    assert call.usage.thought is None
    assert asked_and_answered(turn) == ("q", "a")
