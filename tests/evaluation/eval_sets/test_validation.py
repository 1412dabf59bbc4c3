"""All errors of an eval set at once, and what is only suspicious."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.documents import MAX_COLLECTED
from evaluation.errors import EvalSetError
from evaluation.eval_sets import parse_eval_set, validate_eval_set
from evaluation.values import JSON, JSONObject


def turn(text: str = "hello", **fields: JSON) -> JSONObject:
    """Return a golden turn with an answer and a call."""
    return {
        "user_content": {"parts": [{"text": text}]},
        "final_response": {"parts": [{"text": "hi"}]},
        "intermediate_data": {"tool_uses": [{"name": "roll", "args": {}}]},
        **fields,
    }


def case(eval_id: str = "a", *turns: JSONObject, **fields: JSON) -> JSONObject:
    """Return a case."""
    return {"eval_id": eval_id, "conversation": list(turns or [turn()]), **fields}


def eval_set(*cases: JSONObject, **fields: JSON) -> bytes:
    """Return an eval set as a file."""
    return json.dumps(
        {"eval_set_id": "set", "eval_cases": list(cases), **fields}
    ).encode()


def found(content: bytes) -> dict[str, str]:
    """Return the codes of what is found, each with its path."""
    return {each.code: each.path for each in validate_eval_set(content).findings}


def paths(content: bytes) -> list[str]:
    """Return where the errors are."""
    findings = validate_eval_set(content).findings
    assert {each.severity for each in findings} == {"error"}
    return [each.path for each in findings]


def test_a_sound_eval_set_has_no_findings() -> None:
    validation = validate_eval_set(eval_set(case()))

    assert validation.findings == ()
    assert validation.eval_set == parse_eval_set(eval_set(case()))


def test_all_errors_are_told_with_their_paths() -> None:
    content = eval_set(
        case(5, turn(user_content="hello", surplus=1)),  # type: ignore[arg-type]  # the fault
        {"eval_id": "b"},
        case("c", turn(intermediate_data={"tool_uses": [{"name": 1, "args": []}, 5]})),
        name=7,
    )

    assert paths(content) == [
        "$.eval_cases[0].eval_id",
        "$.eval_cases[0].conversation[0].surplus",
        "$.eval_cases[0].conversation[0].user_content",
        "$.eval_cases[1]",
        "$.eval_cases[2].conversation[0].intermediate_data.tool_uses[0].name",
        "$.eval_cases[2].conversation[0].intermediate_data.tool_uses[0].args",
        "$.eval_cases[2].conversation[0].intermediate_data.tool_uses[1]",
        "$.name",
    ]


def test_an_error_is_a_sentence_that_begins_with_its_path() -> None:
    (text,) = validate_eval_set(eval_set({"eval_id": "b"})).texts("error")

    assert text.startswith("$.eval_cases[0]: case 'b' has neither of 'conversation'")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"5",
        b"\xff",
        b"[" * 100_000,
        b'{"a":' * 300 + b"1" + b"}" * 300,
    ],
    ids=["nothing", "no JSON", "list", "number", "no text", "deep", "deep object"],
)
def test_a_file_that_cannot_be_read_is_one_error(content: bytes) -> None:
    assert paths(content) == ["$"]


def test_a_broken_call_of_an_event_does_not_hide_the_rest() -> None:
    event = {"author": "a", "content": {"parts": [{"function_call": "roll"}]}}
    content = eval_set(
        case("a", turn(intermediate_data={"invocation_events": [event]})), name=7
    )

    assert len(paths(content)) == 2


def test_whoever_has_too_many_errors_begins_with_the_first() -> None:
    assert len(paths(eval_set(*[{}] * 1000))) == MAX_COLLECTED


@pytest.mark.parametrize(
    ("content", "code", "path"),
    [
        (eval_set(), "no_cases", "$"),
        (
            eval_set(case("a"), case("a", turn("bye"))),
            "repeated_eval_id",
            "$.eval_cases[1].eval_id",
        ),
        (
            eval_set(case("a"), case("b", turn(" HELLO  "))),
            "repeated_user_text",
            "$.eval_cases[1]",
        ),
        (
            eval_set(case(), {"eval_id": "b", "conversation": []}),
            "empty_conversation",
            "$.eval_cases[1]",
        ),
        (eval_set(case("a", turn(""))), "no_user_text", "$.eval_cases[0]"),
        (
            eval_set(
                case("a", turn(intermediate_data={"tool_uses": [{"name": "roll"}]}))
            ),
            "call_without_arguments",
            "$.eval_cases[0].conversation[0]",
        ),
        (
            eval_set(case("a", turn(final_response=None))),
            "no_expected_answer",
            "$",
        ),
        (eval_set(case("a", turn(intermediate_data=None))), "no_expected_call", "$"),
        (
            eval_set(case(), evalSetID="x", a_note="fine"),
            "unknown_key",
            "$.evalSetID",
        ),
        (
            eval_set(
                {
                    "eval_id": "b",
                    "conversation_scenario": {
                        "starting_prompt": "p",
                        "conversation_plan": "q",
                    },
                }
            ),
            "scenario_only",
            "$.eval_cases[0]",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value[0] != "$" else "",
)
def test_what_is_suspicious_is_a_warning(content: bytes, code: str, path: str) -> None:
    assert found(content) == {code: path}
    assert validate_eval_set(content).eval_set is not None


def test_paths_are_spelled_as_in_the_document() -> None:
    document = {
        "evalSetId": "set",
        "evalCases": [
            {"evalId": "a", "conversation": [turn()]},
            {"evalId": "a", "conversation": [turn("bye")]},
        ],
    }

    assert found(json.dumps(document).encode()) == {
        "repeated_eval_id": "$.evalCases[1].evalId"
    }


def test_the_samples_are_sound(samples: Path) -> None:
    for path in samples.glob("eval_set_*.json"):
        assert validate_eval_set(path.read_bytes()).findings == ()


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["parts", "name", "args", "x"]), inner)
    ),
    max_leaves=8,
)


@given(data=st.data())
def test_validation_finds_an_error_exactly_where_reading_fails(
    data: st.DataObject,
) -> None:
    document = json.loads(eval_set(case(), case("b", turn("bye"))))
    for _ in range(data.draw(st.integers(0, 3))):
        _spoil(document, data)
    content = json.dumps(document).encode()

    validation = validate_eval_set(content)

    assert first_error(document) == next(iter(validation.texts("error")), None)
    assert (validation.eval_set is None) is bool(validation.texts("error"))


def first_error(document: JSON) -> str | None:
    """Return why the reader of eval sets refuses a document."""
    try:
        parse_eval_set(copy.deepcopy(document))
    except EvalSetError as error:
        return str(error)
    return None


def _spoil(node: JSON, data: st.DataObject) -> None:
    """Put junk somewhere in a document."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or data.draw(st.booleans()):
            node[key] = data.draw(JUNK)
            return
        node = node[key]
