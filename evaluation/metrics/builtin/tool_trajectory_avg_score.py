"""Share of turns whose tool calls are the expected ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from evaluation.conversation.model import Invocation, ToolCall
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.metrics.arguments import ArgumentRule
from evaluation.metrics.model import Measurement, Task, paired
from evaluation.metrics.trajectory import (
    Pairing,
    explain_pairing,
    in_any_order,
    in_order,
    position_by_position,
    rule_of,
)
from evaluation.metrics.turns import TurnScore, compare_turns
from evaluation.values import JSONObject

Pair = Callable[[Sequence[ToolCall], Sequence[ToolCall], ArgumentRule], Pairing]

_PAIR_BY: Mapping[str, Pair] = {
    "EXACT": position_by_position,
    "IN_ORDER": in_order,
    "ANY_ORDER": in_any_order,
}


def measure(task: Task) -> Measurement:
    """Score 1 for each turn that matches, else 0, and average.

    ``EXACT``: the same calls in the same order. ``IN_ORDER``: the expected calls occur
    in order, others may stand between them. ``ANY_ORDER``: each expected call has a
    call of its own, others are fine.
    """
    match_type = task.options.get("trajectory_match_type", "EXACT")
    rule = rule_of(task.options)

    def compare(actual: Invocation, expected: ExpectedTurn) -> TurnScore:
        wanted, given = expected.tool_calls, actual.tool_calls
        pairing = _PAIR_BY[match_type](wanted, given, rule)
        matched = not pairing.missing and (match_type != "EXACT" or not pairing.surplus)
        return TurnScore(
            score=float(matched),
            explanation={}
            if matched
            else explain_pairing(wanted, given, pairing, rule),
        )

    measured = compare_turns(task, compare)
    return msgspec.structs.replace(
        measured,
        details={"comparisons": _comparisons(task, measured.per_invocation)},
        explanation={"match_type": match_type, **measured.explanation},
    )


def _comparisons(task: Task, scores: Sequence[float | None]) -> list[JSONObject]:
    return [
        {
            "invocation_id": actual.invocation_id,
            "expected": [
                {"name": call.name, "args": call.args}
                for call in (expected.tool_calls if expected else ())
            ],
            "actual": [
                {"name": call.name, "args": call.args or {}}
                for call in actual.tool_calls
            ],
            "matched": score == 1.0,
        }
        for (actual, expected), score in zip(paired(task), scores, strict=True)
    ]
