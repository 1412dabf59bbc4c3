"""Scoring turn by turn: the shape that most metrics share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.metrics.model import Measurement, Task, mean, paired
from evaluation.values import JSONObject, Value


class TurnScore(Value, frozen=True, kw_only=True):
    """One turn's score, None when not measured, and what there is to tell about it."""

    score: float | None
    explanation: JSONObject = {}


SHOWN_TURNS = 100

Compare = Callable[[Invocation, ExpectedTurn], TurnScore]
Look = Callable[[Invocation], TurnScore]

UNEXPECTED = TurnScore(score=0.0, explanation={"problem": "unexpected turn"})


def compare_turns(task: Task, compare: Compare) -> Measurement:
    """Compare every turn with its golden turn; see ``compared``."""
    return compared(
        task,
        [
            UNEXPECTED if expected is None else compare(actual, expected)
            for actual, expected in paired(task)
        ],
    )


def compared(task: Task, scores: Sequence[TurnScore]) -> Measurement:
    """Make the measurement of turns that were compared, in their order.

    The score is the mean over turns; an unexpected turn and a missing one count 0.
    """
    alignment = task.alignment()
    per_invocation = [turn.score for turn in scores]
    return Measurement(
        score=mean([*per_invocation, *(0.0 for _ in alignment.missing)]),
        per_invocation=per_invocation,
        explanation={
            **alignment.explain(),
            **_told(
                {"invocation_id": task.turns[actual].invocation_id}
                | {"expected_turn": expected, "score": turn.score}
                | turn.explanation
                for (actual, expected), turn in zip(
                    alignment.pairs, scores, strict=True
                )
            ),
        },
    )


def look_at_turns(task: Task, look: Look) -> Measurement:
    """Score every turn on its own; see ``looked_at``."""
    return looked_at(task, [look(turn) for turn in task.turns])


def looked_at(task: Task, scores: Sequence[TurnScore]) -> Measurement:
    """Make the measurement of turns that were scored, in their order.

    The score is the mean of what was measured.
    """
    per_invocation = [turn.score for turn in scores]
    return Measurement(
        score=mean(per_invocation),
        per_invocation=per_invocation,
        explanation=_told(
            {"invocation_id": turn.invocation_id, "score": found.score}
            | found.explanation
            for turn, found in zip(task.turns, scores, strict=True)
        ),
    )


def _told(turns: Iterable[JSONObject]) -> JSONObject:
    """Tell about the first turns; a conversation may have thousands."""
    return {"turns": list(islice(turns, SHOWN_TURNS))}
