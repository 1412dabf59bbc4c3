from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.errors import EvalSetError
from evaluation.eval_sets import parse_eval_set
from evaluation.values import JSON, JSONObject

TURN: JSONObject = {
    "invocation_id": "i1",
    "user_content": {"role": "user", "parts": [{"text": "hello"}]},
    "final_response": {"role": "model", "parts": [{"text": "hi"}, {"text": "there"}]},
    "intermediate_data": {
        "tool_uses": [{"id": "c1", "name": "roll", "args": {"user_id": 6}}],
        "tool_responses": [{"id": "c1", "name": "roll", "response": {"value": 4}}],
        "intermediate_responses": [["helper", [{"text": "rolling"}]]],
    },
    "rubrics": [{"rubric_id": "r1", "rubric_content": {"text_property": "polite"}}],
    "creation_timestamp": 1.5,
}
CASE: JSONObject = {
    "eval_id": "greets",
    "conversation": [TURN],
    "session_input": {"app_name": "app", "user_id": "u", "anything": 1},
    "a_note": "for people",
}
SESSION: JSONObject = {"app_name": "app", "user_id": "u", "state": "on"}
SET: JSONObject = {
    "eval_set_id": "set",
    "name": "Set",
    "eval_cases": [CASE],
    "comment": "ignored",
}


def test_all_parts_of_a_case_are_read() -> None:
    parsed = parse_eval_set(SET)

    case = parsed.cases[0]
    assert (parsed.eval_set_id, parsed.name, case.case_id) == ("set", "Set", "greets")
    assert case.turns is not None
    turn = case.turns[0]
    assert turn.user_content.text() == "hello"
    assert turn.final_response is not None
    assert turn.final_response.text() == "hi\nthere"
    assert (turn.tool_calls[0].name, turn.tool_calls[0].args) == (
        "roll",
        {"user_id": 6},
    )
    assert turn.tool_responses[0]["response"] == {"value": 4}
    assert turn.intermediate_responses[0][0] == "helper"
    assert turn.rubrics[0].text == "polite"


def test_camel_case_is_the_same_at_every_level() -> None:
    text = json.dumps(SET)
    for snake, camel in [
        ("eval_set_id", "evalSetId"),
        ("eval_cases", "evalCases"),
        ("eval_id", "evalId"),
        ("user_content", "userContent"),
        ("tool_uses", "toolUses"),
        ("rubric_content", "rubricContent"),
        ("text_property", "textProperty"),
        ("intermediate_data", "intermediateData"),
    ]:
        text = text.replace(f'"{snake}"', f'"{camel}"')

    assert parse_eval_set(json.loads(text)) == parse_eval_set(SET)


def test_keys_inside_arguments_are_left_alone() -> None:
    case = parse_eval_set(SET).cases[0]

    assert case.turns is not None
    assert case.turns[0].tool_calls[0].args == {"user_id": 6}


def test_absent_arguments_stay_different_from_empty_ones() -> None:
    document = _with(
        ["intermediate_data"], {"tool_uses": [{"name": "a"}, {"name": "b", "args": {}}]}
    )

    turns = parse_eval_set(document).cases[0].turns

    assert turns is not None
    assert [call.args for call in turns[0].tool_calls] == [None, {}]


def test_events_give_the_calls_of_all_their_parts() -> None:
    events = [
        {
            "author": "a",
            "content": {
                "parts": [
                    {"text": "t"},
                    {"functionCall": {"name": "x", "args": {"n": 1}}},
                ]
            },
        },
        {"author": "a", "usage_metadata": {}, "groundingMetadata": {}},
        {"author": "b", "content": {"parts": [{"function_call": {"name": "y"}}]}},
    ]
    document = _with(["intermediate_data"], {"invocation_events": events})

    turns = parse_eval_set(document).cases[0].turns

    assert turns is not None
    assert [(c.name, c.args) for c in turns[0].tool_calls] == [
        ("x", {"n": 1}),
        ("y", None),
    ]


def test_parts_of_a_content_are_kept_in_snake_case() -> None:
    parts = [
        {"functionCall": {"name": "a", "args": {"userId": 1}}},
        {"functionResponse": {"name": "a", "response": {"isOk": True}}},
        {"thought": True, "text": "hm", "inlineData": None},
    ]

    turns = parse_eval_set(_with(["user_content"], {"parts": parts})).cases[0].turns

    assert turns is not None
    assert turns[0].user_content.parts == (
        {"function_call": {"name": "a", "args": {"userId": 1}, "id": None}},
        {"function_response": {"name": "a", "response": {"isOk": True}, "id": None}},
        {"thought": True, "text": "hm"},
    )


def test_a_scenario_takes_the_place_of_a_conversation() -> None:
    scenario = {"starting_prompt": "a", "conversation_plan": "b"}
    document = {
        **SET,
        "eval_cases": [
            {"eval_id": "c", "conversation": None, "conversation_scenario": scenario}
        ],
    }

    case = parse_eval_set(document).cases[0]

    assert case.turns is None
    assert case.scenario == scenario


def test_a_set_without_cases_and_a_case_without_turns_are_fine() -> None:
    assert parse_eval_set({"eval_set_id": "s", "eval_cases": []}).cases == ()
    empty = {"eval_set_id": "s", "eval_cases": [{"eval_id": "c", "conversation": []}]}
    assert parse_eval_set(empty).cases[0].turns == ()


def test_bytes_are_read_as_utf_8_with_exact_integers() -> None:
    document = _with(
        ["intermediate_data"], {"tool_uses": [{"name": "é", "args": {"n": 2**70}}]}
    )

    turns = (
        parse_eval_set(b"\xef\xbb\xbf" + json.dumps(document).encode()).cases[0].turns
    )

    assert turns is not None
    assert turns[0].tool_calls[0].args == {"n": 2**70}


@pytest.mark.parametrize("stamp", [1, 1.5, "1.5", 10**400 * 0 + 2**80])
def test_timestamps_may_be_any_number(stamp: JSON) -> None:
    assert parse_eval_set(_with(["creation_timestamp"], stamp)).cases


PLACE = "$.eval_cases[0].conversation[0]"


@pytest.mark.parametrize(
    ("place", "value", "path", "words"),
    [
        (["my_note"], "x", f"{PLACE}.my_note", ["my_note", '"x"', "remove it"]),
        (["final_respons"], {}, f"{PLACE}.final_respons", ["'final_response'"]),
        (["agent_content"], "x", f"{PLACE}.agent_content", ["'final_response'"]),
        (["userContent"], {}, f"{PLACE}.userContent", ["twice", "user_content"]),
        (["user_content"], None, f"{PLACE}.user_content", ["required"]),
        (["final_response"], "hi", f"{PLACE}.final_response", ['"hi"', "parts"]),
        (["invocation_id"], 7, f"{PLACE}.invocation_id", ["7", "string"]),
        (["creation_timestamp"], "soon", f"{PLACE}.creation_timestamp", ["number"]),
        (["creation_timestamp"], True, f"{PLACE}.creation_timestamp", ["number"]),
        (["app_details"], {"agents": {}}, f"{PLACE}.app_details.agents", ["agent_"]),
        (
            ["app_details"],
            {"agent_details": {"a": []}},
            f"{PLACE}.app_details.agent_details.a",
            ["must be an object"],
        ),
        (
            ["app_details"],
            {"agentDetails": {"a": {}}},
            f"{PLACE}.app_details.agentDetails.a.name",
            ["name the agent"],
        ),
        (
            ["app_details"],
            {"agent_details": {"a": {"name": "a", "instructions": ["x"]}}},
            f"{PLACE}.app_details.agent_details.a.instructions",
            ["must be a string"],
        ),
        (
            ["app_details"],
            {"agent_details": {"a": {"name": "a", "tool_declarations": {}}}},
            f"{PLACE}.app_details.agent_details.a.tool_declarations",
            ["must be a list"],
        ),
        (
            ["intermediate_data", "tool_uses"],
            [{"name": "a", "args": "{}"}],
            f"{PLACE}.intermediate_data.tool_uses[0].args",
            ["as JSON"],
        ),
        (
            ["intermediate_data", "tool_uses"],
            [{"args": {}}],
            f"{PLACE}.intermediate_data.tool_uses[0].name",
            ["name the tool"],
        ),
        (
            ["intermediate_data", "tool_uses"],
            [{"name": "a", "argz": {}}],
            f"{PLACE}.intermediate_data.tool_uses[0].argz",
            ["did you mean 'args'"],
        ),
        (
            ["intermediate_data", "tool_uses"],
            {},
            f"{PLACE}.intermediate_data.tool_uses",
            ["list"],
        ),
        (
            ["intermediate_data", "invocation_events"],
            [],
            f"{PLACE}.intermediate_data.tool_uses",
            ["one of the two forms"],
        ),
        (
            ["intermediate_data", "intermediate_responses"],
            [["a"]],
            f"{PLACE}.intermediate_data.intermediate_responses[0]",
            ["pair"],
        ),
        (
            ["user_content", "parts"],
            [{"txt": "a"}],
            f"{PLACE}.user_content.parts[0].txt",
            ["did you mean 'text'"],
        ),
        (
            ["user_content", "parts"],
            ["a"],
            f"{PLACE}.user_content.parts[0]",
            ["object"],
        ),
        (["rubrics"], [{"rubric_id": "r"}], f"{PLACE}.rubrics[0].rubric_content", ["required"]),
    ],
)  # fmt: skip
def test_a_fault_in_a_turn_names_path_value_and_cure(
    place: list[str], value: JSON, path: str, words: list[str]
) -> None:
    with pytest.raises(EvalSetError) as caught:
        parse_eval_set(_with(place, value))

    assert caught.value.path == path
    assert all(word in str(caught.value) for word in [path, *words])


@pytest.mark.parametrize(
    ("document", "path", "word"),
    [
        ([{"query": "x", "reference": "y"}], "$", "convert it"),
        ("text", "$", "must be an object"),
        ({}, "$.eval_cases", "required"),
        ({"eval_cases": []}, "$.eval_set_id", "required"),
        ({"eval_set_id": 3, "eval_cases": []}, "$.eval_set_id", "quote it"),
        ({"eval_set_id": "s", "eval_cases": {}}, "$.eval_cases", "must be a list"),
        (
            {"eval_set_id": "s", "eval_cases": [3]},
            "$.eval_cases[0]",
            "must be an object",
        ),
        (
            {"eval_set_id": "s", "eval_cases": [{"case_id": "c", "conversation": []}]},
            "$.eval_cases[0].eval_id",
            "rename 'case_id' to 'eval_id'",
        ),
        (
            {"eval_set_id": "s", "eval_cases": [{"eval_id": "c"}]},
            "$.eval_cases[0]",
            "neither",
        ),
        (
            {"eval_set_id": "s", "eval_cases": [CASE | {"session_input": SESSION}]},
            "$.eval_cases[0].session_input.state",
            "must be an object",
        ),
        (
            {
                "eval_set_id": "s",
                "eval_cases": [
                    {
                        "eval_id": "c",
                        "conversation": [],
                        "conversation_scenario": {
                            "starting_prompt": "a",
                            "conversation_plan": "b",
                        },
                    }
                ],
            },
            "$.eval_cases[0]",
            "both",
        ),
    ],
)
def test_a_fault_in_the_outline_names_path_and_cure(
    document: JSON, path: str, word: str
) -> None:
    with pytest.raises(EvalSetError, match=word) as caught:
        parse_eval_set(document)

    assert caught.value.path == path


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"{oops", "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[" * 100_000, "nested"),
        (b"[" * 300 + b"]" * 300, "nested"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b"", "not JSON"),
    ],
    ids=["syntax", "encoding", "deep", "deeper-than-allowed", "huge number", "empty"],
)
def test_bytes_that_are_no_document_are_refused(content: bytes, word: str) -> None:
    with pytest.raises(EvalSetError, match=word):
        parse_eval_set(content)


def test_the_name_of_the_document_stands_in_front() -> None:
    with pytest.raises(
        EvalSetError, match=r"^golden\.json: \$\.eval_cases: is required"
    ):
        parse_eval_set({}, name="golden.json")


@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "eval_set_id",
                        "eval_cases",
                        "eval_id",
                        "conversation",
                        "user_content",
                        "parts",
                        "text",
                        "intermediate_data",
                        "tool_uses",
                        "invocation_events",
                        "name",
                        "args",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_any_document_is_an_eval_set_or_a_named_fault(document: JSON) -> None:
    try:
        parsed = parse_eval_set(document)
    except EvalSetError:
        return

    assert parsed.eval_set_id == document["eval_set_id"]


def _with(place: list[str], value: JSON) -> JSONObject:
    """Change one thing in the turn of the eval set."""
    document = copy.deepcopy(SET)
    node = document["eval_cases"][0]["conversation"][0]
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    return document
