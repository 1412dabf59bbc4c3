"""How few edits turn the tool calls made into the expected ones."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.conversation.model import Invocation, ToolCall
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.metrics.arguments import ArgumentRule
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.trajectory import agree, refuse_long, rule_of
from evaluation.metrics.turns import TurnScore, compare_turns


def measure(task: Task) -> Measurement:
    """Average 1 - distance / length of the longer side over turns.

    The distance is Levenshtein's: inserted, removed and replaced calls. No call
    expected and none made is agreement, 1.
    """
    rule = rule_of(task.options)

    def compare(actual: Invocation, expected: ExpectedTurn) -> TurnScore:
        wanted, given = expected.tool_calls, actual.tool_calls
        longer = max(len(wanted), len(given))
        edits = _distance(wanted, given, rule)
        return TurnScore(
            score=1 - edits / longer if longer else 1.0,
            explanation={"edits": edits} if edits else {},
        )

    return compare_turns(task, compare)


def _distance(
    wanted: Sequence[ToolCall], given: Sequence[ToolCall], rule: ArgumentRule
) -> int:
    wanted, given = _without_common_ends(wanted, given, rule)
    refuse_long(wanted, given)
    row = list(range(len(given) + 1))
    for i, call in enumerate(wanted, start=1):
        previous, row = row, [i]
        for j, made in enumerate(given):
            replaced = previous[j] + (not agree(call, made, rule))
            row.append(min(replaced, previous[j + 1] + 1, row[j] + 1))
    return row[-1]


def _without_common_ends(
    wanted: Sequence[ToolCall], given: Sequence[ToolCall], rule: ArgumentRule
) -> tuple[Sequence[ToolCall], Sequence[ToolCall]]:
    """Cut equal calls at both ends: they cost nothing in any alignment."""
    shorter = min(len(wanted), len(given))
    start = 0
    while start < shorter and agree(wanted[start], given[start], rule):
        start += 1
    end = 0
    while end < shorter - start and agree(wanted[-1 - end], given[-1 - end], rule):
        end += 1
    return wanted[start : len(wanted) - end], given[start : len(given) - end]
