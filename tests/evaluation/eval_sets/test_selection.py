from __future__ import annotations

import pytest

from evaluation.conversation.model import Content, Invocation
from evaluation.eval_sets import EvalCase, EvalSet, select_case
from tests.evaluation.building import eval_set, golden, turn


def test_without_an_eval_set_there_is_no_case() -> None:
    assert select_case(None, [turn()]).reason == "no_eval_set"


def test_an_eval_set_without_cases_matches_nothing() -> None:
    selection = select_case(eval_set(), [turn()])

    assert selection.case is None
    assert selection.reason == "no_matching_case"


def test_a_lone_case_is_used_whatever_the_text() -> None:
    selection = select_case(eval_set([golden("other")]), [turn("hello")])

    assert selection.how == "single_case"
    assert selection.turns is not None


def test_the_case_that_the_trace_names_wins_over_the_text() -> None:
    cases = eval_set([golden("hello")], [golden("other")])

    selection = select_case(cases, [turn("hello", case_id="case_1")])

    assert selection.case == cases.cases[1]
    assert selection.how == "explicit"


def test_a_named_case_that_is_not_there_is_no_guess() -> None:
    selection = select_case(eval_set([golden("hello")]), [turn("hello", case_id="x")])

    assert selection.reason == "no_matching_case"
    assert "'x'" in selection.message
    assert "'set'" in selection.message


def test_a_trace_that_names_two_cases_matches_none() -> None:
    cases = eval_set([golden("hello")], [golden("bye")])

    selection = select_case(
        cases, [turn(case_id="case_0"), turn(case_id="case_1"), turn(case_id="case_0")]
    )

    assert selection.reason == "ambiguous_case"
    assert "'case_0', 'case_1'" in selection.message


def test_a_named_case_that_stands_twice_with_other_turns_matches_none() -> None:
    twice = tuple(
        EvalCase(case_id="c", turns=(golden(tools=tools),)) for tools in ("a", "b")
    )

    selection = select_case(EvalSet(eval_set_id="s", cases=twice), [turn(case_id="c")])

    assert selection.reason == "ambiguous_case"
    assert "eval_id" in selection.message


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("  Roll A Die\n", "roll a die"),
        ("roll   a\tdie", "Roll a die"),
        ("STRASSE", "straße"),
    ],
    ids=["outer space and case", "inner white space", "case folding"],
)
def test_the_first_user_text_decides(said: str, expected: str) -> None:
    cases = eval_set([golden("other")], [golden(expected), golden("more")])

    selection = select_case(cases, [turn(said)])

    assert selection.case == cases.cases[1]
    assert selection.how == "user_text"


def test_a_plain_match_wins_over_a_folded_one() -> None:
    cases = eval_set([golden("a  b")], [golden("a b")])

    selection = select_case(cases, [turn("A b")])

    assert selection.case == cases.cases[1]


def test_parts_of_the_user_text_are_joined_by_a_space() -> None:
    said = Content(parts=({"text": "Roll"}, {"inline_data": {}}, {"text": "it"}))
    actual = Invocation(invocation_id="i", user_content=said)

    selection = select_case(eval_set([golden("x")], [golden("roll it")]), [actual])

    assert selection.how == "user_text"


@pytest.mark.parametrize("said", ["roll a", "", None])
def test_nothing_matches_a_prefix_or_an_empty_text(said: str | None) -> None:
    cases = eval_set([golden("roll a die")], [golden("")])

    selection = select_case(cases, [turn(said)])

    assert selection.case is None
    assert selection.reason == "no_matching_case"


def test_the_first_case_is_used_only_when_asked_for() -> None:
    cases = eval_set([golden("one")], [golden("two")])

    selection = select_case(cases, [turn("three")], fall_back_to_first=True)

    assert selection.case == cases.cases[0]
    assert selection.how == "first_case"


def test_all_user_texts_tell_cases_with_the_same_start_apart() -> None:
    cases = eval_set(
        [golden("hi"), golden("a")], [golden("hi"), golden("b")], [golden("hi")]
    )

    selection = select_case(cases, [turn("hi"), turn("B")])

    assert selection.case == cases.cases[1]


def test_cases_that_cannot_be_told_apart_are_named() -> None:
    cases = eval_set([golden("hi", tools="a")], [golden("hi", tools="b")])

    selection = select_case(cases, [turn("hi")], fall_back_to_first=True)

    assert selection.case is None
    assert selection.reason == "ambiguous_case"
    assert "'case_0', 'case_1'" in selection.message


def test_many_cases_that_cannot_be_told_apart_are_not_all_named() -> None:
    cases = eval_set(*([golden("hi", tools=f"t{i}")] for i in range(9)))

    assert "'case_4' and 4 more" in select_case(cases, [turn("hi")]).message


def test_cases_that_expect_the_same_are_no_ambiguity() -> None:
    cases = eval_set([golden("hi")], [golden("hi")])

    assert select_case(cases, [turn("hi")]).case == cases.cases[0]


@pytest.mark.parametrize("turns", [(), None], ids=["empty", "scenario"])
def test_a_case_without_a_conversation_says_so(turns: tuple[()] | None) -> None:
    only = EvalSet(eval_set_id="s", cases=(EvalCase(case_id="c", turns=turns),))

    selection = select_case(only, [turn()])

    assert selection.case is not None
    assert selection.turns is None
    assert selection.reason == "no_conversation"
