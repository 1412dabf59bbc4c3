"""Share of the expected tool calls that were made."""

from __future__ import annotations

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.trajectory import explain_pairing, in_any_order, rule_of
from evaluation.metrics.turns import TurnScore, compare_turns


def measure(task: Task) -> Measurement:
    """Average the recall of the turns; where nothing is expected, nothing is measured."""
    rule = rule_of(task.options)

    def compare(actual: Invocation, expected: ExpectedTurn) -> TurnScore:
        wanted, given = expected.tool_calls, actual.tool_calls
        pairing = in_any_order(wanted, given, rule)
        return TurnScore(
            score=len(pairing.pairs) / len(wanted) if wanted else None,
            explanation=explain_pairing(wanted, given, pairing, rule),
        )

    return compare_turns(task, compare)
