"""Which case a trace is compared with, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import (
    CaseMatch,
    CaseSelection,
    EvalCase,
    EvalSet,
    ExpectedTurn,
)

SHOWN_TEXT_CHARACTERS = 60
SHOWN_CASES = 5

Normalise = Callable[[str], str]


def select_case(
    eval_set: EvalSet | None,
    invocations: Sequence[Invocation],
    *,
    fall_back_to_first: bool = False,
) -> CaseSelection:
    """Choose the case for one trace; for many traces make one ``CaseSelector``."""
    selector = CaseSelector(eval_set, fall_back_to_first=fall_back_to_first)
    return selector.select(invocations)


class CaseSelector:
    """Chooses cases of one eval set.

    In this order: the case id that the trace names; the only case there is; the case
    whose first user text equals the trace's first user text (outer space and case do
    not count; if nothing is equal then, white space and case folding do not either).
    """

    def __init__(
        self, eval_set: EvalSet | None, *, fall_back_to_first: bool = False
    ) -> None:
        """Index the cases by id and by first user text.

        Args:
            eval_set: None when there is none.
            fall_back_to_first: take the first case when the texts match no case.
        """
        self._eval_set = eval_set
        self._cases = eval_set.cases if eval_set else ()
        self._falls_back = fall_back_to_first
        self._by_id = _index((case.case_id, case) for case in self._cases)
        self._by_text = {
            normalise: _index(
                (normalise(first_text(case)), case) for case in self._cases
            )
            for normalise in (_trimmed, folded)
        }

    def select(self, invocations: Sequence[Invocation]) -> CaseSelection:
        """Choose the case for the trace with these turns."""
        if self._eval_set is None:
            return CaseSelection(reason="no_eval_set")
        if not self._cases:
            return CaseSelection(reason="no_matching_case")
        named = list(
            dict.fromkeys(turn.case_id for turn in invocations if turn.case_id)
        )
        if named:
            return self._named(self._eval_set, named)
        if len(self._cases) == 1:
            return _chosen(self._cases[0], "single_case")
        found = self._said(invocations)
        if found.reason == "no_matching_case" and self._falls_back:
            return _chosen(self._cases[0], "first_case")
        return found

    def _named(self, eval_set: EvalSet, named: Sequence[str]) -> CaseSelection:
        if len(named) > 1:
            return CaseSelection(
                reason="ambiguous_case",
                message=f"The trace names several cases: {_listed(named)}.",
            )
        cases = self._by_id.get(named[0], ())
        if not cases:
            return CaseSelection(
                reason="no_matching_case",
                message=f"The trace names the case {named[0]!r}, which eval set "
                f"{eval_set.eval_set_id!r} does not have.",
            )
        if _expect_the_same(cases):
            return _chosen(cases[0], "explicit")
        return CaseSelection(
            reason="ambiguous_case",
            message=f"The eval set has {len(cases)} cases called {named[0]!r}; "
            "give each an 'eval_id' of its own.",
        )

    def _said(self, invocations: Sequence[Invocation]) -> CaseSelection:
        text = _text(invocations[0]) if invocations else ""
        for normalise, index in self._by_text.items():
            found = index.get(normalise(text)) if normalise(text) else None
            if found:
                return _only(found, invocations, normalise)
        shown = text[:SHOWN_TEXT_CHARACTERS]
        shown += "..." if shown != text else ""
        return CaseSelection(
            reason="no_matching_case",
            message=f"None of the {len(self._cases)} cases starts with the user text "
            f"{shown!r}.",
        )


def _index(pairs: Iterable[tuple[str, EvalCase]]) -> Mapping[str, list[EvalCase]]:
    index = defaultdict(list)
    for key, case in pairs:
        index[key].append(case)
    return index


def _chosen(case: EvalCase, how: CaseMatch) -> CaseSelection:
    return CaseSelection(
        case=case, how=how, reason=None if case.turns else "no_conversation"
    )


def _only(
    cases: Sequence[EvalCase], invocations: Sequence[Invocation], normalise: Normalise
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
    if _expect_the_same(cases):
        return _chosen(cases[0], "user_text")
    return CaseSelection(
        reason="ambiguous_case",
        message=f"The cases {_listed([case.case_id for case in cases])} start with "
        "the same user text; let the trace name its case.",
    )


def _expect_the_same(cases: Sequence[EvalCase]) -> bool:
    return all(case.turns == cases[0].turns for case in cases)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:SHOWN_CASES]))
    rest = len(names) - SHOWN_CASES
    return f"{shown} and {rest} more" if rest > 0 else shown


def first_text(case: EvalCase) -> str:
    """Return what the user says first; "" when nothing is said."""
    return _text(case.turns[0]) if case.turns else ""


def _text(turn: Invocation | ExpectedTurn) -> str:
    return turn.user_content.text(" ") if turn.user_content else ""


def _trimmed(text: str) -> str:
    return text.strip().lower()


def folded(text: str) -> str:
    """Return the text with single spaces and without case."""
    return " ".join(text.split()).casefold()
