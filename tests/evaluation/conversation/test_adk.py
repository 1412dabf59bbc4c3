from __future__ import annotations

import pytest

from evaluation.conversation.model import Content, Usage, to_contract
from tests.evaluation.conversation.spans import (
    START_NS,
    adk_agent,
    adk_tool,
    asked_and_answered,
    asked_in_adk,
    call_llm,
    conversation_of,
    only_turn,
    span,
    text,
)

CALL = {"function_call": {"name": "f", "args": {"a": 1}, "id": "c1"}}


def test_a_run_with_a_tool_is_one_turn_in_the_contract_shape() -> None:
    turn = only_turn(
        adk_agent("i", lasts=900),
        call_llm("l1", "i", asked_in_adk("q"), [CALL], at=10),
        adk_tool("t", "l1", "f", call_id="c1", args='{"a": 1}', response='{"r": 2}'),
        call_llm("l2", "i", asked_in_adk("q"), [{"text": "a"}], at=400),
    )

    assert to_contract(turn) == {
        "invocation_id": "i",
        "user_content": {"role": "user", "parts": [{"text": "q"}]},
        "final_response": {"role": "model", "parts": [{"text": "a"}]},
        "intermediate_data": {
            "tool_uses": [{"id": "c1", "name": "f", "args": {"a": 1}}],
            "tool_responses": [{"id": "c1", "name": "f", "response": {"r": 2}}],
            "intermediate_responses": [],
        },
        "creation_timestamp": START_NS / 1e9,
    }


def test_the_invocation_id_of_the_agent_span_is_kept() -> None:
    attributes = {"gcp.vertex.agent.invocation_id": "e-42"}

    turn = only_turn(
        adk_agent("i", attributes=attributes),
        call_llm("l", "i", asked_in_adk("q"), [{"text": "a"}]),
    )

    assert turn.invocation_id == "e-42"


def test_the_latest_user_text_is_the_question() -> None:
    contents = [
        {"role": "user", "parts": [{"text": "first"}]},
        {"role": "model", "parts": [{"text": "reply"}]},
        {"role": "user", "parts": [{"text": "second"}, {"text": "part"}]},
        {"role": "user", "parts": [{"function_response": {"name": "f"}}]},
    ]

    turn = only_turn(adk_agent("i"), call_llm("l", "i", contents, [{"text": "a"}]))

    assert asked_and_answered(turn)[0] == "second part"


def test_a_user_message_without_text_keeps_its_parts() -> None:
    part = {"function_response": {"id": "c", "name": "f", "response": {"r": 1}}}
    contents = [{"role": "user", "parts": [part]}]

    turn = only_turn(adk_agent("i"), call_llm("l", "i", contents, [{"text": "a"}]))

    assert turn.user_content is not None
    assert turn.user_content.parts == (part,)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"role": "user"}, id="no parts"),
        pytest.param({"role": "user", "parts": []}, id="empty parts"),
        pytest.param(
            {"role": "user", "parts": [{"inline_data": {"mime_type": "image/png"}}]},
            id="an image",
        ),
    ],
)
def test_a_user_message_without_words_is_a_question_all_the_same(
    content: object,
) -> None:
    turn = only_turn(adk_agent("i"), call_llm("l", "i", [content], [{"text": "a cat"}]))

    assert asked_and_answered(turn) == ("", "a cat")
    assert turn.gaps == ()


@pytest.mark.parametrize(
    "content", [{"role": "model"}, {"role": "model", "parts": []}], ids=str
)
def test_a_response_without_words_is_an_empty_answer(content: object) -> None:
    response = {"gcp.vertex.agent.llm_response": text({"content": content})}

    turn = only_turn(
        adk_agent("i"), call_llm("l", "i", asked_in_adk("q"), attributes=response)
    )

    assert turn.final_response == Content(role="model", parts=())
    assert turn.gaps == ()


def test_a_response_is_the_models_whatever_role_it_names() -> None:
    content = {"parts": [{"text": "a"}, {"text": "b"}]}
    response = {"gcp.vertex.agent.llm_response": text({"content": content})}

    turn = only_turn(
        adk_agent("i"), call_llm("l", "i", asked_in_adk("q"), attributes=response)
    )

    assert asked_and_answered(turn) == ("q", "a b")


def test_the_question_may_stand_in_the_semantic_conventions_only() -> None:
    contents = [{"role": "model", "parts": [{"text": "welcome"}]}]
    attributes = {"gen_ai.input.messages": text([{"role": "user", "content": "q"}])}

    turn = only_turn(
        adk_agent("i"),
        call_llm("l", "i", contents, [{"text": "a"}], attributes=attributes),
    )

    assert asked_and_answered(turn) == ("q", "a")


def test_thoughts_are_no_answer_but_count_as_output() -> None:
    parts = [{"text": "hm", "thought": True}, {"text": "a"}]
    usage = {
        "prompt_token_count": 10,
        "candidates_token_count": 4,
        "thoughts_token_count": 5,
        "cached_content_token_count": 3,
    }

    turn = only_turn(
        adk_agent("i"), call_llm("l", "i", asked_in_adk("q"), parts, usage=usage)
    )

    assert asked_and_answered(turn) == ("q", "a")
    assert turn.model_calls[0].usage == Usage(
        input=10, output=9, thought=5, cache_read=3
    )


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param({"prompt_token_count": "10"}, (10, None), id="text"),
        pytest.param(
            {"prompt_token_count": 10, "candidates_token_count": None},
            (10, None),
            id="null output",
        ),
        pytest.param(None, (31, 9), id="null usage falls back"),
        pytest.param({"prompt_token_count": 0}, (31, 9), id="zero falls back"),
    ],
)
def test_token_counts_of_any_spelling_are_read(
    usage: object, expected: tuple[int | None, int | None]
) -> None:
    attributes = (
        {"gen_ai.usage.input_tokens": 31, "gen_ai.usage.output_tokens": 9}
        if expected[0] == 31
        else {}
    )

    turn = only_turn(
        adk_agent("i"),
        call_llm(
            "l",
            "i",
            asked_in_adk("q"),
            [{"text": "a"}],
            usage=usage,
            attributes=attributes,
        ),
    )

    counts = turn.model_calls[0].usage
    assert (counts.input, counts.output) == expected


def test_a_wrapper_and_its_provider_span_are_one_call() -> None:
    provider = {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.system": "gemini",
        "gen_ai.usage.input_tokens": 6,
        "gen_ai.usage.output_tokens": 3,
    }

    conversation = conversation_of(
        adk_agent("i"),
        call_llm("l", "i", asked_in_adk("q"), [{"text": "a"}]),
        span("g", "l", provider),
        adk_tool("t", "g", "f", call_id="c1"),
    )

    (turn,) = conversation.invocations
    (call,) = turn.model_calls
    assert (call.span_id, call.provider, call.usage.input) == ("l", "gemini", 6)
    assert [tool.name for tool in turn.tool_calls] == ["f"]
    assert conversation.performance is not None
    assert conversation.performance["counts"]["llm_calls"] == 1


def test_a_sub_agent_below_a_tool_belongs_to_the_turn_without_answering_it() -> None:
    turn = only_turn(
        adk_agent("o", lasts=900, attributes={"gen_ai.agent.name": "outer"}),
        call_llm("l1", "o", asked_in_adk("book a trip"), [CALL]),
        adk_tool("t", "l1", "f", call_id="c1", args="{}"),
        adk_agent("n", "t", at=10, attributes={"gen_ai.agent.name": "inner"}),
        call_llm("nl", "n", asked_in_adk("find a hotel"), [{"text": "Nord"}], at=700),
        adk_tool("nt", "n", "g", at=20, args="{}"),
        call_llm("l2", "o", asked_in_adk("book a trip"), [{"text": "booked"}], at=400),
    )

    assert asked_and_answered(turn) == ("book a trip", "booked")
    assert [(c.name, c.agent) for c in turn.tool_calls] == [("f", None), ("g", "inner")]
    assert (turn.agent_name, turn.nested_agents) == ("outer", ("inner",))


def test_an_agent_that_took_over_answers_the_turn() -> None:
    turn = only_turn(
        adk_agent("p", lasts=900),
        call_llm("pl", "p", asked_in_adk("help"), [CALL]),
        adk_agent("x", "p", at=200),
        call_llm("xl", "x", asked_in_adk("help"), [{"text": "solved"}], at=210),
    )

    assert asked_and_answered(turn) == ("help", "solved")


def test_calls_without_tool_spans_come_from_the_responses() -> None:
    parts = [{"text": "let me look"}, CALL, {"function_call": {"name": None}}]

    turn = only_turn(
        adk_agent("i"),
        call_llm("l1", "i", asked_in_adk("q"), parts),
        call_llm("l2", "i", asked_in_adk("q"), [{"text": "final"}], at=50),
    )

    assert [(c.name, c.call_id, c.args) for c in turn.tool_calls] == [
        ("f", "c1", {"a": 1})
    ]
    assert asked_and_answered(turn)[1] == "final"


def test_a_response_of_calls_only_is_the_response() -> None:
    turn = only_turn(adk_agent("i"), call_llm("l", "i", asked_in_adk("q"), [CALL]))

    assert turn.final_response is not None
    assert turn.final_response.parts == (CALL,)


def test_a_call_without_arguments_in_the_response_has_empty_ones() -> None:
    call = {"function_call": {"name": "f"}}

    turn = only_turn(adk_agent("i"), call_llm("l", "i", asked_in_adk("q"), [call]))

    assert turn.final_response is not None
    assert turn.final_response.parts == ({"function_call": {"args": {}, "name": "f"}},)


def test_an_agent_that_lost_its_marks_is_known_by_what_is_below() -> None:
    turn = only_turn(
        span("i", None, {"gen_ai.operation.name": "invoke_agent"}),
        call_llm("l", "i", asked_in_adk("q"), [{"text": "a"}]),
    )

    assert turn.invocation_id == "i"


def test_empty_semconv_arguments_do_not_hide_those_of_adk() -> None:
    attributes = {
        "gen_ai.tool.name": "f",
        "gen_ai.tool.call.arguments": "{}",
        "gcp.vertex.agent.tool_call_args": text({"a": 1}),
    }

    turn = only_turn(
        adk_agent("i"),
        call_llm("l", "i", asked_in_adk("q"), [{"text": "a"}]),
        span("t", "i", attributes, name="execute_tool f"),
    )

    assert turn.tool_calls[0].args == {"a": 1}


def test_without_captured_content_arguments_are_unknown_not_empty() -> None:
    blank = {
        "gcp.vertex.agent.llm_request": "{}",
        "gcp.vertex.agent.llm_response": "{}",
        "gen_ai.usage.input_tokens": 5,
    }

    turn = only_turn(
        adk_agent("i"),
        call_llm("l", "i", attributes=blank),
        adk_tool("t", "l", "f", call_id="c1", args="{}", response="{}"),
    )

    assert (turn.user_content, turn.final_response) == (None, None)
    (call,) = turn.tool_calls
    assert (call.name, call.args, call.response) == ("f", None, None)


@pytest.mark.parametrize(
    ("contents", "parts", "fragment"),
    [
        pytest.param([], [{"text": "a"}], "no user content found", id="no question"),
        pytest.param(
            asked_in_adk("q"), None, "no content in llm_response", id="no answer"
        ),
    ],
)
def test_half_an_exchange_is_no_turn_and_says_why(
    contents: object, parts: object, fragment: str
) -> None:
    conversation = conversation_of(adk_agent("i"), call_llm("l", "i", contents, parts))

    assert conversation.invocations == ()
    (warning,) = conversation.warnings
    assert "failed to convert invoke_agent span i" in warning
    assert fragment in warning


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(None, id="missing"),
        pytest.param([{"role": "user", "parts": None}], id="null parts"),
        pytest.param([{"role": "user", "parts": [{"text": None}]}], id="null text"),
        pytest.param(17, id="a number"),
    ],
)
def test_an_unreadable_question_does_not_cost_the_turn(contents: object) -> None:
    attributes = {"gcp.vertex.agent.llm_request": text({"contents": contents})}

    turn = only_turn(
        adk_agent("i"),
        call_llm("l", "i", parts=[{"text": "done"}], attributes=attributes),
    )

    assert asked_and_answered(turn) == (None, "done")
    assert [gap.code for gap in turn.gaps] == ["user_content_unreadable"]


def test_an_agent_that_failed_before_its_first_call_is_a_turn_with_an_error() -> None:
    turn = only_turn(adk_agent("i", status="error", status_message="no key"))

    assert turn.error == "no key"
    assert [gap.code for gap in turn.gaps] == ["model_calls_missing"]


def test_an_agent_without_calls_or_error_is_reported() -> None:
    conversation = conversation_of(adk_agent("i"))

    assert conversation.invocations == ()
    assert "has no child call_llm spans" in conversation.warnings[0]


def test_a_trace_without_agents_says_so() -> None:
    conversation = conversation_of(span("a", None, {"http.method": "GET"}))

    assert [gap.code for gap in conversation.gaps] == ["no_turns"]
    assert "no invoke_agent spans found" in conversation.warnings[0]


def test_spans_without_marks_below_an_agent_of_adk_count() -> None:
    model = {
        "gen_ai.request.model": "m",
        "gen_ai.input.messages": text([{"role": "user", "content": "q"}]),
        "gen_ai.output.messages": text([{"role": "assistant", "content": "a"}]),
        "gen_ai.usage.input_tokens": 9,
    }
    tool = {"gen_ai.tool.name": "f", "gen_ai.tool.call.arguments": '{"a": 1}'}

    conversation = conversation_of(
        adk_agent("i"),
        span("l", "i", model, name="call_llm"),
        span("t", "i", tool, name="execute_tool f", at=10),
    )

    (turn,) = conversation.invocations
    assert asked_and_answered(turn) == ("q", "a")
    assert [call.args for call in turn.tool_calls] == [{"a": 1}]
    assert conversation.performance is not None
    assert conversation.performance["counts"]["llm_calls"] == 1
    assert conversation.performance["tokens"]["total_prompt"] == 9
