"""Balance of precision and recall of the tool calls."""

from __future__ import annotations

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.trajectory import explain_pairing, in_any_order, rule_of
from evaluation.metrics.turns import TurnScore, compare_turns


def measure(task: Task) -> Measurement:
    """Average the F1 of the turns; no call expected and none made is agreement, 1."""
    rule = rule_of(task.options)

    def compare(actual: Invocation, expected: ExpectedTurn) -> TurnScore:
        wanted, given = expected.tool_calls, actual.tool_calls
        pairing = in_any_order(wanted, given, rule)
        calls = len(wanted) + len(given)
        return TurnScore(
            score=2 * len(pairing.pairs) / calls if calls else 1.0,
            explanation=explain_pairing(wanted, given, pairing, rule),
        )

    return compare_turns(task, compare)
