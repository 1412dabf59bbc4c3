"""Judges for a process without a network: questions and replies over its pipes.

The evaluator asks with one frame a round and reads the replies to all rounds as they come; its
supervisor, which has the network and the keys, answers from threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

import msgspec

from evaluation.framing import Frame, FrameKind, read_frame
from evaluation.judging.asking import Asker
from evaluation.judging.model import (
    NO_JUDGE,
    Arrival,
    Limits,
    Question,
    Reply,
)
from evaluation.judging.session import Session
from evaluation.judging.threads import answer_in_threads
from evaluation.values import Value

Send = Callable[[Frame], None]


class Ask(Value, frozen=True, kw_only=True):
    """A round of questions of a job; without any, its replies are not wanted any more."""

    job: int
    round: int
    limits: Limits = Limits()
    questions: tuple[Question, ...] = ()


class Told(Value, frozen=True, kw_only=True):
    """One reply. It may be late, and find its process at another job."""

    job: int
    arrival: Arrival


class PipedJudge:
    """The evaluator's end."""

    def __init__(
        self, source: BinaryIO, send: Send, *, job: int, limits: Limits
    ) -> None:
        """Ask for one job of this process."""
        self._source = source
        self._send = send
        self._job = job
        self._limits = limits
        self._count = 0
        self._open: set[int] = set()

    def ask(self, questions: Sequence[Question]) -> int:
        """Ask several questions at once."""
        self._count += 1
        self._open.add(self._count)
        self._tell(self._count, questions)
        return self._count

    def arrival(self) -> Arrival:
        """Wait for the next reply; those to rounds that were given up are passed over.

        Raises:
            EOFError: the supervisor is gone.
        """
        while (frame := read_frame(self._source)) is not None:
            told = msgspec.json.decode(frame.body, type=Told)
            if told.job == self._job and told.arrival.round in self._open:
                return told.arrival
        raise EOFError("the supervisor is gone")

    def give_up(self, number: int) -> None:
        """Want no more replies to a round."""
        self._open.remove(number)
        self._tell(number, ())

    def _tell(self, number: int, questions: Sequence[Question]) -> None:
        ask = Ask(
            job=self._job,
            round=number,
            limits=self._limits,
            questions=tuple(questions),
        )
        self._send(Frame(kind=FrameKind.QUESTION, body=msgspec.json.encode(ask)))


class Correspondence:
    """The supervisor's end, for one evaluator process."""

    def __init__(self, asker: Asker | None, send: Send) -> None:
        """Answer with ``asker``; ``send`` is called from its threads."""
        self._asker = asker
        self._send = send
        self._job = -1
        self._session = Session()
        self._rounds: dict[int, Session] = {}

    def receive(self, body: bytes) -> None:
        """Begin to answer a round, or stop answering it; returns at once.

        Raises:
            msgspec.MsgspecError: the process does not speak as it should.
        """
        ask = msgspec.json.decode(body, type=Ask)
        if ask.job != self._job:
            self.close()
            self._job, self._session = ask.job, Session(ask.limits)
        if ask.questions:
            self._answer(ask)
        elif ask.round in self._rounds:
            self._give_up([self._rounds.pop(ask.round)])

    def close(self) -> None:
        """Stop answering: the process is gone, or has another job."""
        self._give_up([self._session, *self._rounds.values()])
        self._rounds.clear()

    def _answer(self, ask: Ask) -> None:
        def tell(position: int, reply: Reply) -> None:
            arrival = Arrival(round=ask.round, position=position, reply=reply)
            body = msgspec.json.encode(Told(job=ask.job, arrival=arrival))
            self._send(Frame(kind=FrameKind.REPLY, body=body))

        if self._asker is None:
            for position in range(len(ask.questions)):
                tell(position, NO_JUDGE)
            return
        self._rounds[ask.round] = self._session.part()
        answer_in_threads(self._asker, self._rounds[ask.round], ask.questions, tell)

    def _give_up(self, sessions: Sequence[Session]) -> None:
        for session in sessions:
            session.close()
        if self._asker is not None:
            self._asker.wake()
