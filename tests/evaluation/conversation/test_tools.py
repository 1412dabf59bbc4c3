from __future__ import annotations

from typing import Any

import pytest

from evaluation.conversation.model import ToolCall
from tests.evaluation.conversation.spans import (
    agent,
    asks_for,
    chat,
    event,
    only_turn,
    said,
    span,
    tool,
    user,
)


def calls_of(*spans: Any) -> tuple[ToolCall, ...]:
    return only_turn(agent("r", lasts=5000), *spans).tool_calls


def openai_call(call_id: str, name: str | None, arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"id": call_id, "type": "function", "function": function}


def test_a_request_gives_its_execution_the_arguments() -> None:
    requests = [
        openai_call("c1", "f", '{"city": "Rome"}'),
        openai_call("c2", "g", "{}"),
    ]

    calls = calls_of(
        chat("l1", "r", [user("q")], [{"role": "assistant", "tool_calls": requests}]),
        tool("t", "r", "f", call_id="c1", result="sunny", at=300),
        chat("l2", "r", [user("q")], [said("a")], at=500),
    )

    assert [(c.call_id, c.name, c.args, c.response) for c in calls] == [
        ("c1", "f", {"city": "Rome"}, {"result": "sunny"}),
        ("c2", "g", {}, None),
    ]


def test_a_request_without_type_counts() -> None:
    request = {"id": "c1", "function": {"name": "f", "arguments": "{}"}}

    calls = calls_of(
        chat("l", "r", [user("q")], [{"role": "assistant", "tool_calls": [request]}])
    )

    assert [call.call_id for call in calls] == ["c1"]


def test_a_nameless_request_costs_only_itself() -> None:
    requests = [openai_call("c1", None, "{}"), {"id": "c2", "function": None}]
    message = {"role": "assistant", "content": "x", "tool_calls": requests}

    assert calls_of(chat("l", "r", [user("q")], [message])) == ()


def test_calls_come_in_time_order() -> None:
    calls = calls_of(
        chat("l", "r", [user("q")], [asks_for("late", "c9"), said("a")], lasts=210),
        tool("t2", "r", "second", call_id="c2", at=300),
        tool("t1", "r", "first", call_id="c1", at=200),
        tool("t0", "r", "no_id", at=100),
    )

    assert [call.name for call in calls] == ["no_id", "first", "late", "second"]


def test_reused_ids_are_calls_of_their_own() -> None:
    calls = calls_of(
        chat("l1", "r", [user("q")], [asks_for("f", "call_0", n=1)]),
        tool("t1", "r", "f", call_id="call_0", result='{"r": 1}', at=110),
        chat("l2", "r", [user("q")], [asks_for("f", "call_0", n=2)], at=200),
        tool("t2", "r", "f", call_id="call_0", result='{"r": 2}', at=310),
        chat("l3", "r", [user("q")], [said("a")], at=400),
    )

    assert [(c.args, c.response) for c in calls] == [
        ({"n": 1}, {"r": 1}),
        ({"n": 2}, {"r": 2}),
    ]


def test_reused_ids_without_spans_differ_by_their_arguments() -> None:
    calls = calls_of(
        chat("l1", "r", [user("q")], [asks_for("f", "call_0", n=1)]),
        chat("l2", "r", [user("q")], [asks_for("f", "call_0", n=2)], at=200),
    )

    assert [call.args for call in calls] == [{"n": 1}, {"n": 2}]


def test_a_request_repeated_by_a_later_output_is_one_call() -> None:
    request = asks_for("roll", "c1", sides=20)

    calls = calls_of(
        chat("s1", "r", [user("Roll")], [request]),
        chat("s2", "r", [user("Roll")], [request, said("Rolled 3")], at=200),
    )

    assert [call.call_id for call in calls] == ["c1"]


def test_calls_of_earlier_turns_in_the_output_are_left_out() -> None:
    old, new = asks_for("old", "c0"), asks_for("new", "c1")

    calls = calls_of(
        chat(
            "l",
            "r",
            [user("Hi"), old, said("Hello!"), user("Roll")],
            [old, said("Hello!"), new, said("Rolled 3")],
        ),
    )

    assert [call.name for call in calls] == ["new"]


def test_history_in_the_input_does_not_hide_the_current_call() -> None:
    given = [user("example"), said("example answer"), user("real question")]

    calls = calls_of(
        chat("l", "r", given, [{**asks_for("f", "c1"), "content": "Let me check."}])
    )

    assert [call.name for call in calls] == ["f"]


def test_an_execution_without_id_is_found_by_name() -> None:
    calls = calls_of(
        chat(
            "l", "r", [user("q")], [asks_for("f", "c1", n=1), asks_for("f", "c2", n=2)]
        ),
        tool("t1", "r", "f", at=200),
        tool("t2", "r", "f", at=300),
    )

    assert [(c.span_id, c.call_id, c.args) for c in calls] == [
        ("t1", "c1", {"n": 1}),
        ("t2", "c2", {"n": 2}),
    ]


def test_a_request_without_id_is_no_second_call() -> None:
    calls = calls_of(
        chat("l", "r", [user("q")], [asks_for("f", None, n=1)]),
        tool("t", "r", "f", call_id="run-7", at=200),
    )

    assert [(c.call_id, c.args) for c in calls] == [("run-7", {"n": 1})]


def test_two_ids_for_one_call_are_one_call() -> None:
    calls = calls_of(
        chat("l", "r", [user("q")], [asks_for("f", "call_1", n=1)]),
        tool("t", "r", "f", call_id="fc_1", args='{"n": 1}', at=200),
    )

    assert len(calls) == 1


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(
            {
                "role": "tool",
                "parts": [
                    {"type": "tool_call_response", "id": "c1", "result": {"v": 1}}
                ],
            },
            id="parts",
        ),
        pytest.param(
            {"role": "tool", "tool_call_id": "c1", "content": '{"v": 1}'}, id="OpenAI"
        ),
        pytest.param(
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "c1",
                        "content": [{"type": "text", "text": '{"v": 1}'}],
                    }
                ],
            },
            id="Anthropic",
        ),
        pytest.param(
            {
                "role": "user",
                "content": [
                    {"toolResult": {"toolUseId": "c1", "content": [{"json": {"v": 1}}]}}
                ],
            },
            id="Bedrock",
        ),
        pytest.param(
            {"type": "function_call_output", "call_id": "c1", "output": '{"v": 1}'},
            id="Responses",
        ),
        pytest.param(
            {
                "role": "tool",
                "content": [
                    {
                        "type": "tool-result",
                        "toolCallId": "c1",
                        "output": {"type": "json", "value": {"v": 1}},
                    }
                ],
            },
            id="Vercel",
        ),
    ],
)
def test_a_result_in_the_next_input_is_the_calls_response(result: Any) -> None:
    calls = calls_of(
        chat("l1", "r", [user("q")], [asks_for("f", "c1")]),
        chat("l2", "r", [user("q"), result], [said("a")], at=300),
    )

    assert [call.response for call in calls] == [{"v": 1}]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        pytest.param('{"a": 1}', {"a": 1}, id="JSON text"),
        pytest.param({"a": 1}, {"a": 1}, id="an object"),
        pytest.param('"{\\"a\\": 1}"', {"a": 1}, id="encoded twice"),
        pytest.param("{}", {}, id="no arguments"),
        pytest.param("{nope", None, id="no JSON"),
        pytest.param("[1,2]", None, id="a list"),
        pytest.param("5", None, id="a number"),
        pytest.param("", None, id="empty"),
    ],
)
def test_arguments_are_an_object_or_unknown(args: Any, expected: Any) -> None:
    (call,) = calls_of(tool("t", "r", "f", args=args))

    assert call.args == expected


def test_unreadable_arguments_are_a_gap_unless_the_request_tells_them() -> None:
    turn = only_turn(
        agent("r"),
        chat("l", "r", [user("q")], [asks_for("h", "c3", a=1), said("a")]),
        tool("t3", "r", "h", call_id="c3", args="{'a': 1}", at=5),
        tool("t1", "r", "f", args="[1]", at=10),
        tool("t2", "r", "g", at=20),
    )

    assert [(gap.code, gap.span_id) for gap in turn.gaps] == [
        ("tool_arguments_unreadable", "t1")
    ]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        pytest.param('{"x": 1}', {"x": 1}, id="JSON text"),
        pytest.param("oops", {"result": "oops"}, id="text"),
        pytest.param("[1, 2]", {"result": [1, 2]}, id="a list"),
        pytest.param("false", {"result": False}, id="false"),
        pytest.param(True, {"result": True}, id="true"),
        pytest.param("null", {"result": None}, id="null"),
        pytest.param("", None, id="empty"),
    ],
)
def test_results_keep_their_json_type(result: Any, expected: Any) -> None:
    (call,) = calls_of(tool("t", "r", "f", result=result))

    assert call.response == expected


def test_a_tool_span_that_keeps_its_messages_in_events_is_read() -> None:
    details = event(
        "gen_ai.client.inference.operation.details",
        gen_ai__input__messages=[
            {"role": "tool", "parts": asks_for("roll", "tu1", sides=6)["parts"]}
        ],
        gen_ai__output__messages=[
            {
                "role": "tool",
                "parts": [{"type": "tool_call_response", "response": [{"text": "4"}]}],
            }
        ],
    )

    (call,) = calls_of(tool("t", "r", "roll", call_id="tu1", events=(details,)))

    assert (call.args, call.response) == ({"sides": 6}, {"result": "4"})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {"status": "error", "status_message": "boom"}, "boom", id="status"
        ),
        pytest.param({"status": "error"}, "", id="status without a message"),
        pytest.param(
            {
                "status": "error",
                "events": (event("exception", exception__message="bad"),),
            },
            "bad",
            id="exception",
        ),
        pytest.param(
            {"result": '{"isError": true, "message": "no"}'}, "no", id="result"
        ),
        pytest.param({"result": '{"error": "a word"}'}, None, id="a word in a result"),
        pytest.param({"status": "ok"}, None, id="none"),
    ],
)
def test_a_failed_tool_says_why(fields: Any, expected: str | None) -> None:
    (call,) = calls_of(tool("t", "r", "f", **fields))

    assert call.error == expected


def test_an_error_type_is_an_error() -> None:
    attributes = {"gen_ai.tool.name": "f", "error.type": "TimeoutError"}

    (call,) = calls_of(span("t", "r", attributes))

    assert call.error == "TimeoutError"


def test_nested_spans_of_one_call_are_one_call() -> None:
    calls = calls_of(
        tool("t", "r", "f", call_id="c1"),
        tool("mcp", "t", "f", args='{"a": 1}', result="ok", at=10),
    )

    assert [(c.span_id, c.args, c.response) for c in calls] == [
        ("t", {"a": 1}, {"result": "ok"})
    ]


def test_a_tool_known_only_by_its_span_name_has_that_name() -> None:
    attributes = {"gen_ai.operation.name": "execute_tool"}

    (call,) = calls_of(span("t", "r", attributes, name="execute_tool summarise"))

    assert (call.name, call.args, call.response) == ("summarise", None, None)


@pytest.mark.parametrize("placeholder", ["t", "unknown"])
def test_a_placeholder_is_no_call_id(placeholder: str) -> None:
    (call,) = calls_of(tool("t", "r", "f", call_id=placeholder))

    assert call.call_id is None


@pytest.mark.parametrize(
    "result",
    [
        pytest.param({"role": "tool", "content": "done"}, id="order"),
        pytest.param({"role": "function", "name": "f", "content": "done"}, id="name"),
    ],
)
def test_a_result_without_id_goes_to_the_next_call(result: Any) -> None:
    calls = calls_of(
        chat("l1", "r", [user("q")], [asks_for("f", "c1"), asks_for("g", "c2")]),
        chat("l2", "r", [user("q"), result], [said("a")], at=300),
    )

    assert [call.response for call in calls] == [{"result": "done"}, None]


def test_a_result_of_the_responses_api_is_found_by_its_call_not_its_item() -> None:
    result = {
        "type": "function_call_output",
        "id": "fc_9",
        "call_id": "c1",
        "output": "done",
    }

    calls = calls_of(
        chat("l1", "r", [user("q")], [asks_for("f", "c1")]),
        chat("l2", "r", [user("q"), result], [said("a")], at=300),
    )

    assert [call.response for call in calls] == [{"result": "done"}]


def test_an_mcp_tool_says_in_its_content_why_it_failed() -> None:
    result = {"isError": True, "content": [{"type": "text", "text": "no such city"}]}

    (call,) = calls_of(tool("t", "r", "f", result=result))

    assert call.error == "no such city"
