"""Golden data: cases, their turns, and how a case was chosen for a trace."""

from __future__ import annotations

from typing import Literal

from evaluation.conversation.model import Content, ToolCall
from evaluation.values import JSONObject, Value

CaseMatch = Literal["explicit", "user_text", "single_case", "first_case"]
NoCaseReason = Literal[
    "no_eval_set", "no_matching_case", "ambiguous_case", "no_conversation"
]


class Rubric(Value, frozen=True, kw_only=True):
    """A property that a judge checks; ``type`` says which metric asks for it."""

    rubric_id: str
    text: str
    description: str | None = None
    type: str | None = None


class ExpectedTurn(Value, frozen=True, kw_only=True):
    """One golden turn.

    ``args`` of a tool call is None when the eval set gives none, which is not the same
    as an empty object. ``tool_responses`` are ``{"name", "response", "id"}`` objects;
    the event form of a turn has none.
    """

    invocation_id: str = ""
    user_content: Content
    final_response: Content | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_responses: tuple[JSONObject, ...] = ()
    intermediate_responses: tuple[tuple[str, Content], ...] = ()
    rubrics: tuple[Rubric, ...] = ()
    app_details: JSONObject | None = None


class EvalCase(Value, frozen=True, kw_only=True):
    """One test case: golden turns, or a scenario for a simulated user (never both).

    ``turns`` is None when the case has a scenario instead of a conversation.
    """

    case_id: str
    turns: tuple[ExpectedTurn, ...] | None = None
    scenario: JSONObject | None = None
    rubrics: tuple[Rubric, ...] = ()


class EvalSet(Value, frozen=True, kw_only=True):
    """All cases of one file, in file order."""

    eval_set_id: str
    name: str | None = None
    description: str | None = None
    cases: tuple[EvalCase, ...] = ()


class CaseSelection(Value, frozen=True, kw_only=True):
    """The case chosen for a trace and why; without a case, ``reason`` is its code.

    ``message`` says more than the reason code, for people; empty when there is nothing
    to add.
    """

    case: EvalCase | None = None
    how: CaseMatch | None = None
    reason: NoCaseReason | None = None
    message: str = ""

    @property
    def turns(self) -> tuple[ExpectedTurn, ...] | None:
        """Return the golden turns; None when there is nothing to compare with."""
        return (self.case.turns or None) if self.case else None
