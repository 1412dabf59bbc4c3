"""Several who ask judges at once, in one thread: each waits for its own answers only.

Whoever asks is a coroutine. It awaits ``replies_to`` for answers and ``together`` for other
coroutines; a ``Table`` resumes it when they are there. Nothing of it runs when the table is
not waited at, so no lock is needed and nothing is left behind.
"""

from __future__ import annotations

import bisect
import itertools
import types
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from evaluation.judging.model import (
    NO_JUDGE,
    PASSING,
    Arrival,
    Failure,
    Judge,
    Limits,
    Question,
    Reply,
)

T = TypeVar("T")
Asks = Coroutine[Any, Any, T]
Hear = Callable[[], None]
# However much a configuration asks for: each question is a thread of whoever answers.
MOST_ROUNDS = 16


class _Questions(NamedTuple):
    questions: Sequence[Question]


class _Coroutines(NamedTuple):
    coroutines: Sequence[Asks[Any]]


@types.coroutine
def replies_to(
    questions: Sequence[Question],
) -> Generator[_Questions, Any, list[Reply | None]]:
    """Wait for the replies to several questions, in the order of the questions.

    After a failure that no other sample can make good, the rest is None: it is not waited
    for, and what was not sent is not asked any more.
    """
    replies: list[Reply | None] = yield _Questions(questions)
    return replies


@types.coroutine
def together(
    coroutines: Sequence[Asks[T]],
) -> Generator[_Coroutines, Any, list[T]]:
    """Wait for several coroutines; their results are in their order.

    The first exception of one of them ends the others, and is raised.
    """
    results: list[T] = yield _Coroutines(coroutines)
    return results


class Sitting(Generic[T]):
    """A coroutine that has a place at a table."""

    def __init__(
        self,
        coroutine: Asks[T],
        hear: Hear,
        number: int,
        above: Sitting[Any] | None = None,
    ) -> None:
        """Take the place; ``hear`` is called for each of its replies."""
        self.coroutine = coroutine
        self.hear = hear
        self.above = above
        self.place: tuple[int, ...] = (*(above.place if above else ()), number)
        self.below: list[Sitting[Any]] = []
        self.round: _Round | None = None
        self.is_over = False
        self.result: Any = None
        self.error: Exception | None = None

    def outcome(self) -> T:
        """Return what the coroutine has returned, or raise what it has raised."""
        if self.error is not None:
            raise self.error
        result: T = self.result
        return result


class _Round:
    """Questions that a coroutine waits for, and the replies so far."""

    def __init__(self, sitting: Sitting[Any], questions: Sequence[Question]) -> None:
        self.sitting = sitting
        self.questions = questions
        self.number: int | None = None
        self.replies: list[Reply | None] = [None for _ in questions]
        self.has_failed = False

    @property
    def is_complete(self) -> bool:
        return None not in self.replies

    def take(self, position: int, reply: Reply) -> None:
        self.replies[position] = reply
        self.has_failed = isinstance(reply, Failure) and reply.kind not in PASSING


class _Nobody:
    """Stands for the judge where there is none."""

    def __init__(self) -> None:
        self._rounds = 0
        self._asked: deque[int] = deque()

    def ask(self, questions: Sequence[Question]) -> int:
        self._rounds += 1
        self._asked.append(self._rounds)
        return self._rounds

    def arrival(self) -> Arrival:
        return Arrival(round=self._asked.popleft(), position=0, reply=NO_JUDGE)

    def give_up(self, number: int) -> None:
        pass


class Table:
    """Where coroutines sit that share a judge."""

    def __init__(
        self, judge: Judge | None, *, at_once: int, limits: Limits | None = None
    ) -> None:
        """Ask at most ``at_once`` rounds of questions at a time, the first to come first.

        When ``limits`` are nearly reached they are asked one after the other, so that what
        is left goes to the first and not to a bit of everybody.
        """
        self._judge = judge or _Nobody()
        self._at_once = min(at_once, MOST_ROUNDS)
        self._most_calls = limits.max_calls if limits else None
        self._calls = 0
        self._wished: list[_Round] = []  # by place
        self._seats = itertools.count()
        self._open: dict[int, _Round] = {}
        self._sitting: list[Sitting[Any]] = []

    def start(self, coroutine: Asks[T], hear: Hear = lambda: None) -> Sitting[T]:
        """Let a coroutine begin; its questions go out at once if there is room."""
        sitting = Sitting(coroutine, hear, next(self._seats))
        self._sitting.append(sitting)
        self._resume(sitting)
        self._ask()
        return sitting

    def finish(self, sitting: Sitting[T]) -> T:
        """Wait for the end of a coroutine, while the others go on as well.

        Raises:
            Exception: what the coroutine raised.
        """
        while not sitting.is_over:
            self._ask()
            self._take(self._judge.arrival())
        self._sitting.remove(sitting)
        return sitting.outcome()

    def close(self) -> None:
        """End all coroutines; what was not sent for them is not asked any more."""
        for sitting in self._sitting:
            self._leave(sitting)
        self._sitting.clear()

    def _take(self, arrival: Arrival) -> None:
        waiting = self._open[arrival.round]
        waiting.take(arrival.position, arrival.reply)
        self._calls += arrival.reply.calls
        waiting.sitting.hear()
        if waiting.is_complete or waiting.has_failed:
            self._end_round(waiting)
            self._resume(waiting.sitting, waiting.replies)

    def _ask(self) -> None:
        while self._wished and self._has_room(self._wished[0]):
            wish = self._wished.pop(0)
            wish.number = self._judge.ask(wish.questions)
            self._open[wish.number] = wish

    def _has_room(self, wish: _Round) -> bool:
        if not self._open or self._most_calls is None:
            return len(self._open) < self._at_once
        missing = sum(each.replies.count(None) for each in self._open.values())
        calls = self._calls + missing + len(wish.questions)
        return len(self._open) < self._at_once and calls <= self._most_calls

    def _end_round(self, waiting: _Round) -> None:
        waiting.sitting.round = None
        if waiting.number is None:
            self._wished.remove(waiting)
            return
        del self._open[waiting.number]
        if not waiting.is_complete:
            self._calls += waiting.replies.count(None)
            self._judge.give_up(waiting.number)

    # --- Coroutines ---------------------------------------------------------------------

    def _resume(
        self, sitting: Sitting[Any], value: Any = None, error: Exception | None = None
    ) -> None:
        """Run a coroutine until it waits, or is over."""
        try:
            wish = (
                sitting.coroutine.throw(error)
                if error is not None
                else sitting.coroutine.send(value)
            )
        except StopIteration as end:
            sitting.result = end.value
        except Exception as fault:  # noqa: BLE001 - raised where the end is waited for
            sitting.error = fault
        else:
            self._grant(sitting, wish)
            return
        sitting.is_over = True
        if sitting.above is not None:
            self._tell(sitting.above, sitting)

    def _grant(self, sitting: Sitting[Any], wish: _Questions | _Coroutines) -> None:
        if isinstance(wish, _Questions):
            sitting.round = _Round(sitting, wish.questions)
            bisect.insort(
                self._wished, sitting.round, key=lambda each: each.sitting.place
            )
            return
        sitting.below = [
            Sitting(each, sitting.hear, number, sitting)
            for number, each in enumerate(wish.coroutines)
        ]
        if not sitting.below:
            self._resume(sitting, [])
        for each in list(sitting.below):
            if each.above is not None and not each.is_over:
                self._resume(each)

    def _tell(self, above: Sitting[Any], ended: Sitting[Any]) -> None:
        """Resume a coroutine that waits for others, when they are done or one has failed."""
        if ended.error is not None:
            others, above.below = above.below, []
            for each in others:
                self._leave(each)
            self._resume(above, error=ended.error)
        elif all(each.is_over for each in above.below):
            results = [each.result for each in above.below]
            above.below = []
            self._resume(above, results)

    def _leave(self, sitting: Sitting[Any]) -> None:
        """End a coroutine that nobody waits for."""
        for each in sitting.below:
            self._leave(each)
        sitting.below = []
        sitting.above = None
        if sitting.round is not None:
            self._end_round(sitting.round)
        sitting.is_over = True
        sitting.coroutine.close()
