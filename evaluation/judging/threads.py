"""A judge that asks in threads of this process."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence

from evaluation.judging.asking import Asker
from evaluation.judging.model import Arrival, Failure, Question, Reply
from evaluation.judging.session import Session


class ThreadedJudge:
    """Asks for one run; a thread a question, because the gates bound how many send."""

    def __init__(self, asker: Asker, session: Session) -> None:
        """Ask with ``asker`` what ``session`` allows."""
        self._asker = asker
        self._session = session
        self._rounds: dict[int, Session] = {}
        self._count = 0
        self._arrived: queue.SimpleQueue[Arrival] = queue.SimpleQueue()

    def ask(self, questions: Sequence[Question]) -> int:
        """Start asking."""
        self._count += 1
        number = self._count
        self._rounds[number] = self._session.part()

        def tell(position: int, reply: Reply) -> None:
            self._arrived.put(Arrival(round=number, position=position, reply=reply))

        answer_in_threads(self._asker, self._rounds[number], questions, tell)
        return number

    def arrival(self) -> Arrival:
        """Wait for the next reply to a round that was not given up."""
        while True:
            arrived = self._arrived.get()
            if arrived.round in self._rounds:
                return arrived

    def give_up(self, number: int) -> None:
        """Want no more replies to a round; what was sent is not taken back."""
        self._rounds.pop(number).close()
        self._asker.wake()


def answer_in_threads(
    asker: Asker,
    session: Session,
    questions: Sequence[Question],
    tell: Callable[[int, Reply], None],
) -> None:
    """Answer each question in a thread of its own, which tells of it by its position."""

    def answer(position: int, question: Question) -> None:
        tell(position, safely(asker, question, session))

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
