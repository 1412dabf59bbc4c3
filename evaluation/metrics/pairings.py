"""Metrics that count how many calls of a turn found a partner, in whatever order."""

from __future__ import annotations

from collections.abc import Callable

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.trajectory import explain_pairing, in_any_order, rule_of
from evaluation.metrics.turns import TurnScore, compare_turns


def compare_pairings(
    task: Task, score: Callable[[int, int, int], float | None]
) -> Measurement:
    """Average over turns what ``score`` says of their counts of calls.

    Args:
        task: what to measure, and by which comparison of arguments.
        score: takes the calls that were paired, those expected and those made; None
            where there is nothing to measure.
    """
    rule = rule_of(task.options)

    def compare(actual: Invocation, expected: ExpectedTurn) -> TurnScore:
        wanted, given = expected.tool_calls, actual.tool_calls
        pairing = in_any_order(wanted, given, rule)
        return TurnScore(
            score=score(len(pairing.pairs), len(wanted), len(given)),
            explanation=explain_pairing(wanted, given, pairing, rule),
        )

    return compare_turns(task, compare)
