"""Judges for a process without a network: questions and replies over its pipes.

The evaluator asks with one frame a round and reads replies in order of arrival; its
supervisor, which has the network and the keys, answers from threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO, Self

import msgspec

from evaluation.framing import Frame, FrameKind, read_frame
from evaluation.judging.asking import Asker
from evaluation.judging.model import Arrival, Failure, Limits, Question
from evaluation.judging.session import Session
from evaluation.judging.threads import answer_in_threads
from evaluation.values import Value

Send = Callable[[Frame], None]


class Ask(Value, frozen=True, kw_only=True):
    """A round of questions of a job; without any, the round's replies are not wanted."""

    job: int
    round: int
    limits: Limits = Limits()
    questions: tuple[Question, ...] = ()


class Told(Value, frozen=True, kw_only=True):
    """One reply of a round."""

    round: int
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
        self._round = 0

    def ask(self, questions: Sequence[Question]) -> PipedReplies:
        """Ask several questions at once."""
        self._round += 1
        ask = Ask(
            job=self._job,
            round=self._round,
            limits=self._limits,
            questions=tuple(questions),
        )
        self._send(Frame(kind=FrameKind.QUESTION, body=msgspec.json.encode(ask)))
        return PipedReplies(self._source, self._send, ask)


class PipedReplies:
    """Replies to one round; those of earlier rounds are passed over."""

    def __init__(self, source: BinaryIO, send: Send, ask: Ask) -> None:
        """Wait for as many replies as there are questions."""
        self._source = source
        self._send = send
        self._ask = ask
        self._missing = len(ask.questions)

    def __iter__(self) -> Self:
        """Return itself."""
        return self

    def __next__(self) -> Arrival:
        """Wait for the next reply.

        Raises:
            EOFError: the supervisor is gone.
        """
        if not self._missing:
            raise StopIteration
        while (frame := read_frame(self._source)) is not None:
            told = msgspec.json.decode(frame.body, type=Told)
            if told.round == self._ask.round:
                self._missing -= 1
                return told.arrival
        raise EOFError("the supervisor is gone")

    def close(self) -> None:
        """Give up what has not arrived."""
        if self._missing:
            self._missing = 0
            enough = msgspec.structs.replace(self._ask, questions=())
            self._send(Frame(kind=FrameKind.QUESTION, body=msgspec.json.encode(enough)))


class Correspondence:
    """The supervisor's end, for one evaluator process."""

    def __init__(self, asker: Asker | None, send: Send) -> None:
        """Answer with ``asker``; ``send`` is called from its threads."""
        self._asker = asker
        self._send = send
        self._job = -1
        self._session = Session()
        self._round = Session()

    def receive(self, body: bytes) -> None:
        """Begin to answer a round, or stop answering it; returns at once.

        Raises:
            msgspec.MsgspecError: the process does not speak as it should.
        """
        ask = msgspec.json.decode(body, type=Ask)
        if ask.job != self._job:
            self._session.close()
            self._job, self._session = ask.job, Session(ask.limits)
        self._give_up(self._round)
        if not ask.questions:
            return
        self._round = self._session.part()

        def tell(arrival: Arrival) -> None:
            told = Told(round=ask.round, arrival=arrival)
            self._send(Frame(kind=FrameKind.REPLY, body=msgspec.json.encode(told)))

        if self._asker is None:
            for position in range(len(ask.questions)):
                tell(Arrival(position=position, reply=NOBODY))
            return
        answer_in_threads(self._asker, self._round, ask.questions, tell)

    def close(self) -> None:
        """Stop answering: the process is gone."""
        self._give_up(self._session)
        self._give_up(self._round)

    def _give_up(self, session: Session) -> None:
        session.close()
        if self._asker is not None:
            self._asker.wake()


NOBODY = Failure(kind="unavailable", message="Nobody asks judges here.")
