"""Which case a trace is compared with, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import (
    CaseMatch,
    CaseSelection,
    EvalCase,
    EvalSet,
    ExpectedTurn,
)

SHOWN_TEXT_CHARACTERS = 60


def select_case(
    eval_set: EvalSet | None,
    invocations: Sequence[Invocation],
    *,
    fall_back_to_first: bool = False,
) -> CaseSelection:
    """Choose the case for one trace.

    In this order: the case id that the trace names; the only case there is; the case
    whose first user text equals the trace's first user text (outer space and case do
    not count, then no difference in white space or case folding counts).

    Args:
        eval_set: None when there is none.
        invocations: the turns of the trace.
        fall_back_to_first: take the first case when the texts match no case.
    """
    if eval_set is None:
        return CaseSelection(reason="no_eval_set")
    if not eval_set.cases:
        return CaseSelection(reason="no_matching_case")
    named = next((turn.case_id for turn in invocations if turn.case_id), None)
    if named is not None:
        return _by_id(eval_set, named)
    if len(eval_set.cases) == 1:
        return _chosen(eval_set.cases[0], "single_case")
    found = _by_text(eval_set.cases, invocations)
    if found.reason == "no_matching_case" and fall_back_to_first:
        return _chosen(eval_set.cases[0], "first_case")
    return found


def _chosen(case: EvalCase, how: CaseMatch) -> CaseSelection:
    return CaseSelection(
        case=case, how=how, reason=None if case.turns else "no_conversation"
    )


def _by_id(eval_set: EvalSet, case_id: str) -> CaseSelection:
    for case in eval_set.cases:
        if case.case_id == case_id:
            return _chosen(case, "explicit")
    return CaseSelection(
        reason="no_matching_case",
        message=f"The trace names the case {case_id!r}, which eval set "
        f"{eval_set.eval_set_id!r} does not have.",
    )


def _by_text(
    cases: Sequence[EvalCase], invocations: Sequence[Invocation]
) -> CaseSelection:
    text = _text(invocations[0]) if invocations else ""
    for normalise in (_trimmed, _folded):
        found = [case for case in cases if _matches(case, text, normalise)]
        if found:
            return _only(found, invocations, normalise)
    shown = text if len(text) <= SHOWN_TEXT_CHARACTERS else text[:57] + "..."
    return CaseSelection(
        reason="no_matching_case",
        message=f"None of the {len(cases)} cases starts with the user text {shown!r}.",
    )


def _matches(case: EvalCase, text: str, normalise: Callable[[str], str]) -> bool:
    if not case.turns:
        return False
    expected = normalise(_text(case.turns[0]))
    return bool(expected) and expected == normalise(text)


def _only(
    cases: Sequence[EvalCase],
    invocations: Sequence[Invocation],
    normalise: Callable[[str], str],
) -> CaseSelection:
    """Tell cases with the same first text apart by the texts of all turns."""
    if len(cases) > 1:
        spoken = [normalise(_text(turn)) for turn in invocations]
        whole = [
            case
            for case in cases
            if [normalise(_text(turn)) for turn in case.turns or ()] == spoken
        ]
        cases = whole or cases
    if all(case.turns == cases[0].turns for case in cases):
        return _chosen(cases[0], "user_text")
    names = ", ".join(repr(case.case_id) for case in cases)
    return CaseSelection(
        reason="ambiguous_case",
        message=f"The cases {names} start with the same user text; "
        "let the trace name its case.",
    )


def _text(turn: Invocation | ExpectedTurn) -> str:
    return turn.user_content.text(" ") if turn.user_content else ""


def _trimmed(text: str) -> str:
    return text.strip().lower()


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
