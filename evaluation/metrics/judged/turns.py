"""Judging the turns of a trace at the same time, each on its own."""

from __future__ import annotations

from collections.abc import Callable

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.judging.together import Asks
from evaluation.metrics.judged.panel import Panel
from evaluation.metrics.model import Task, paired
from evaluation.metrics.turns import TurnScore

JudgeTurn = Callable[[Panel, Invocation, ExpectedTurn | None, str], Asks[TurnScore]]


async def judge_turns(panel: Panel, task: Task, judge: JudgeTurn) -> list[TurnScore]:
    """Judge every turn beside its golden turn.

    Returns:
        The scores in the order of the turns.

    Raises:
        JudgeError: the judge failed at one of them.
    """
    turns = list(paired(task))

    async def look(part: Panel, i: int) -> TurnScore:
        turn, expected = turns[i]
        return await judge(part, turn, expected, f"turn {i}")

    return await panel.each(look, range(len(turns)))
