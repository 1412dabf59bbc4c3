"""A judge that asks in threads of this process."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Self

from evaluation.judging.asking import Asker
from evaluation.judging.model import Arrival, Failure, Question, Reply
from evaluation.judging.session import Session


class ThreadedJudge:
    """Asks for one run; a thread a question, because the gates bound how many send."""

    def __init__(self, asker: Asker, session: Session) -> None:
        """Ask with ``asker`` what ``session`` allows."""
        self._asker = asker
        self._session = session

    def ask(self, questions: Sequence[Question]) -> ThreadedReplies:
        """Ask several questions at once."""
        return ThreadedReplies(self._asker, self._session, questions)


class ThreadedReplies:
    """Replies in order of arrival."""

    def __init__(
        self, asker: Asker, session: Session, questions: Sequence[Question]
    ) -> None:
        """Start asking."""
        self._asker = asker
        self._mine = session.part()
        self._arrived: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._missing = len(questions)
        answer_in_threads(asker, self._mine, questions, self._arrived.put)

    def __iter__(self) -> Self:
        """Return itself."""
        return self

    def __next__(self) -> Arrival:
        """Wait for the next reply."""
        if not self._missing:
            raise StopIteration
        self._missing -= 1
        return self._arrived.get()

    def close(self) -> None:
        """Give up what has not arrived; what was sent is not taken back."""
        if self._missing:
            self._missing = 0
            self._mine.close()
            self._asker.wake()


def answer_in_threads(
    asker: Asker,
    session: Session,
    questions: Sequence[Question],
    tell: Callable[[Arrival], None],
) -> None:
    """Answer each question in a thread of its own, which calls ``tell``."""

    def answer(position: int, question: Question) -> None:
        tell(Arrival(position=position, reply=safely(asker, question, session)))

    for position, question in enumerate(questions):
        threading.Thread(
            target=answer,
            args=(position, question),
            name="judge",
            daemon=True,  # a slow judge keeps nobody from leaving
        ).start()


def safely(asker: Asker, question: Question, session: Session) -> Reply:
    """Answer; a fault of ours becomes a failure, because somebody waits for a reply."""
    try:
        return asker.answer(question, session)
    except Exception as error:  # noqa: BLE001 -- told to whoever asked
        return Failure(
            kind="exhausted", message=f"Asking failed: {type(error).__name__}: {error}"
        )
