"""What is allowed in an eval set and yet seldom meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from evaluation.documents import Level
from evaluation.eval_sets.keys import CASE, SET
from evaluation.eval_sets.model import EvalCase, EvalSet, ExpectedTurn
from evaluation.eval_sets.selection import first_text, folded
from evaluation.values import JSON, JSONObject

# Notes are welcome beside a case; this close to a known key, one is a slip.
SLIP = 0.8


class Suspicion(NamedTuple):
    """A code for programs, a JSON path, and what may come of it."""

    code: str
    path: str
    text: str


class _Places:
    """Where cases and turns stand, in the spelling of the document."""

    def __init__(self, document: JSONObject) -> None:
        self._key = _spelled(document, "eval_cases", "evalCases")
        self.cases: list[JSONObject] = document[self._key]

    def case(self, i: int) -> str:
        return f"$.{self._key}[{i}]"

    def eval_id(self, i: int) -> str:
        return f"{self.case(i)}.{_spelled(self.cases[i], 'eval_id', 'evalId')}"


def suspicions(eval_set: EvalSet, document: JSON) -> Iterator[Suspicion]:
    """Yield what is suspicious in an eval set that was read from ``document``."""
    places = _Places(document)
    if not eval_set.cases:
        yield Suspicion("no_cases", "$", "has no case; nothing can be compared with it")
    yield from _slips(document, "$", SET)
    yield from _repetitions(eval_set, places)
    for i, case in enumerate(eval_set.cases):
        yield from _slips(places.cases[i], places.case(i), CASE)
        yield from _of_case(case, places.case(i))
    if any(case.turns for case in eval_set.cases):
        yield from _of_all([t for case in eval_set.cases for t in case.turns or ()])


def _spelled(document: Mapping[str, JSON], snake: str, camel: str) -> str:
    return snake if snake in document else camel


def _slips(document: JSONObject, path: str, kind: Level) -> Iterator[Suspicion]:
    """Look for misspelt keys where others are allowed."""
    for key in document:
        if key not in kind.keys:
            for meant in get_close_matches(key, kind.keys, n=1, cutoff=SLIP):
                text = f"is no key of {kind.what} and is ignored; {meant!r} was meant?"
                yield Suspicion("unknown_key", f"{path}.{key}", text)


def _repetitions(eval_set: EvalSet, places: _Places) -> Iterator[Suspicion]:
    """Look for cases that cannot be told apart."""
    ids: dict[str, int] = {}
    texts: dict[str, int] = {}
    for i, case in enumerate(eval_set.cases):
        twin = ids.setdefault(case.case_id, i)
        if twin != i:
            yield Suspicion(
                "repeated_eval_id",
                places.eval_id(i),
                f"{case.case_id!r} is also the id of {places.case(twin)}; a trace that "
                "names its case cannot mean either",
            )
        text = folded(first_text(case))
        twin = texts.setdefault(text, i) if text else i
        if twin != i:
            yield Suspicion(
                "repeated_user_text",
                places.case(i),
                f"starts with the same user text as {places.case(twin)}; a trace that "
                "does not name its case is told apart by its other turns only",
            )


def _of_case(case: EvalCase, path: str) -> Iterator[Suspicion]:
    if case.turns is None:
        text = "has a scenario; a recorded trace cannot be compared with it"
        yield Suspicion("scenario_only", path, text)
    elif not case.turns:
        text = "has an empty conversation; nothing can be compared with it"
        yield Suspicion("empty_conversation", path, text)
    elif not first_text(case):
        text = "starts without a user text; no trace is matched with it by what is said"
        yield Suspicion("no_user_text", path, text)
    for j, turn in enumerate(case.turns or ()):
        yield from _of_turn(turn, f"{path}.conversation[{j}]")


def _of_turn(turn: ExpectedTurn, path: str) -> Iterator[Suspicion]:
    for call in turn.tool_calls:
        if call.args is None:
            yield Suspicion(
                "call_without_arguments",
                path,
                f"expects a call of {call.name!r} without 'args'; no call matches it "
                "unless arguments are not compared. Write {} if it has none",
            )


def _of_all(turns: list[ExpectedTurn]) -> Iterator[Suspicion]:
    """Look for kinds of metrics that nothing here could serve."""
    if not any(turn.final_response and turn.final_response.text() for turn in turns):
        text = "expects no answer anywhere; metrics that compare answers find none"
        yield Suspicion("no_expected_answer", "$", text)
    if not any(turn.tool_calls for turn in turns):
        text = "expects no tool call anywhere; an agent that calls a tool is wrong"
        yield Suspicion("no_expected_call", "$", text)
