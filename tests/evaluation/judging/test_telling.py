"""Every answer of a judge is told of, and nothing else about it changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing

from evaluation.capabilities import NONE, Capabilities
from evaluation.judging.model import Answer, Arrival, Question, Target
from evaluation.judging.telling import telling

QUESTION = Question(target=Target(), prompt="Is it so?")


class Replies:
    """Two answers, and whether the rest was given up."""

    def __init__(self) -> None:
        self.closed = False
        self._arrivals: Iterator[Arrival] = iter(
            [
                Arrival(position=place, reply=Answer(text="yes", model="m"))
                for place in (1, 0)
            ]
        )

    def __iter__(self) -> Replies:
        return self

    def __next__(self) -> Arrival:
        return next(self._arrivals)

    def close(self) -> None:
        self.closed = True


class Judge:
    """Answers every round the same way."""

    def __init__(self) -> None:
        self.rounds: list[Replies] = []

    def ask(self, questions: Sequence[Question]) -> Replies:
        self.rounds.append(Replies())
        return self.rounds[-1]


def test_answers_are_counted_over_the_rounds_of_an_evaluator() -> None:
    judge, told = Judge(), list[str]()
    means = telling(Capabilities(judge=judge), "strict", told.append)
    assert means.judge is not None

    positions = []
    for _ in range(2):
        with closing(means.judge.ask([QUESTION, QUESTION])) as replies:
            positions += [arrival.position for arrival in replies]

    assert positions == [1, 0, 1, 0]
    assert told == [f"strict: judge's answer {count}" for count in (1, 2, 3, 4)]
    assert all(each.closed for each in judge.rounds)


def test_without_a_judge_nothing_is_wrapped() -> None:
    assert telling(NONE, "any", print) is NONE
