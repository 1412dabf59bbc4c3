"""Saying how far the judging of one evaluator is: a model may take its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Self

import msgspec

from evaluation.capabilities import Capabilities
from evaluation.judging.model import Arrival, Judge, Question, Replies

Tell = Callable[[str], None]


def telling(means: Capabilities, name: str, tell: Tell) -> Capabilities:
    """Return the means of an evaluator whose judge tells of every answer."""
    if means.judge is None:
        return means
    return msgspec.structs.replace(means, judge=TellingJudge(means.judge, name, tell))


class TellingJudge:
    """Asks another judge and counts its answers aloud."""

    def __init__(self, judge: Judge, name: str, tell: Tell) -> None:
        """Count for the evaluator of this name."""
        self._judge = judge
        self._name = name
        self._tell = tell
        self._heard = 0

    def ask(self, questions: Sequence[Question]) -> Replies:
        """Ask several questions at once."""
        return _TellingReplies(self._judge.ask(questions), self._hear)

    def _hear(self) -> None:
        self._heard += 1
        self._tell(f"{self._name}: judge's answer {self._heard}")


class _TellingReplies:
    """Replies that are told of as they arrive."""

    def __init__(self, replies: Replies, hear: Callable[[], None]) -> None:
        self._replies = replies
        self._hear = hear

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Arrival:
        arrival = next(self._replies)
        self._hear()
        return arrival

    def close(self) -> None:
        self._replies.close()
