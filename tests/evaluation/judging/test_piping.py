from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

import msgspec
import pytest

from evaluation.framing import Frame, FrameKind, read_frame
from evaluation.judging.model import (
    Answer,
    Arrival,
    Failure,
    Limits,
    Question,
    Target,
)
from evaluation.judging.piping import Correspondence, PipedJudge, Told
from tests.evaluation.judging.conftest import MakeAsker
from tests.evaluation.judging.server import Break, JudgeServer, completion

STALE = Answer(text="stale", model="judge-1")


class Line:
    """An evaluator and its supervisor, with a pipe either way."""

    def __init__(self, asker: object) -> None:
        up, down = os.pipe(), os.pipe()
        self.source: BinaryIO = os.fdopen(down[0], "rb")
        self._to_child = os.fdopen(down[1], "wb", buffering=0)
        self._from_child: BinaryIO = os.fdopen(up[0], "rb")
        self._to_parent = os.fdopen(up[1], "wb", buffering=0)
        self.correspondence = Correspondence(asker, self._reply)  # type: ignore[arg-type]
        self._thread = threading.Thread(target=self._supervise)
        self._thread.start()

    def judge(self, *, job: int = 0, **limits: int) -> PipedJudge:
        return PipedJudge(self.source, self._ask, job=job, limits=Limits(**limits))

    def reply(self, told: Told) -> None:
        self._reply(Frame(kind=FrameKind.REPLY, body=msgspec.json.encode(told)))

    def close(self) -> None:
        self._to_parent.close()
        self._thread.join()
        self.correspondence.close()
        for end in (self.source, self._to_child, self._from_child):
            end.close()

    def _ask(self, frame: Frame) -> None:
        self._to_parent.write(frame.encode())

    def _reply(self, frame: Frame) -> None:
        with suppress(ValueError):  # closed: nobody waits for a late reply
            self._to_child.write(frame.encode())

    def _supervise(self) -> None:
        while (frame := read_frame(self._from_child)) is not None:
            assert frame.kind is FrameKind.QUESTION
            self.correspondence.receive(frame.body)


@pytest.fixture
def line(make_asker: MakeAsker) -> Iterator[Line]:
    line = Line(make_asker())
    yield line
    line.close()


def questions(count: int) -> list[Question]:
    target = Target(model="openai/judge")
    return [Question(target=target, prompt="well?", sample=i) for i in range(count)]


def test_questions_cross_the_pipe_and_answers_come_back(
    line: Line, server: JudgeServer
) -> None:
    server.replies = ["a", "b", "c"]

    judge = line.judge()
    judge.ask(questions(3))
    arrived = [judge.arrival() for _ in range(3)]

    assert sorted(each.position for each in arrived) == [0, 1, 2]
    assert {each.reply.text for each in arrived} == {"a", "b", "c"}  # type: ignore[union-attr]


def test_replies_to_a_round_that_was_given_up_are_passed_over(
    line: Line, server: JudgeServer
) -> None:
    server.replies = lambda body: Break(
        body=completion(f"sample {body['seed']}"), pause_s=0.1
    )
    judge = line.judge()

    early = judge.ask(questions(3))
    judge.arrival()
    judge.give_up(early)
    later = judge.ask(questions(1))
    arrived = judge.arrival()

    assert isinstance(arrived.reply, Answer)
    assert (arrived.round, arrived.reply.text) == (later, "sample 0")


def test_several_rounds_are_answered_beside_each_other(
    line: Line, server: JudgeServer
) -> None:
    server.replies = ["a"]
    judge = line.judge()

    numbers = [judge.ask(questions(2)) for _ in range(3)]
    arrived = [judge.arrival() for _ in range(6)]

    assert sorted((each.round, each.position) for each in arrived) == [
        (number, position) for number in numbers for position in (0, 1)
    ]


def test_a_round_that_was_given_up_leaves_the_others(
    line: Line, server: JudgeServer
) -> None:
    server.replies = ["a"]
    judge = line.judge()

    judge.give_up(judge.ask(questions(3)))
    kept = judge.ask(questions(2))

    assert {judge.arrival().round for _ in range(2)} == {kept}


def test_a_reply_that_comes_late_is_not_taken_for_one_of_the_next_job(
    line: Line, server: JudgeServer
) -> None:
    server.replies = ["first"]
    first = line.judge(job=1)
    first.ask(questions(1))
    first.arrival()

    line.reply(Told(job=1, arrival=Arrival(round=1, position=0, reply=STALE)))
    second = line.judge(job=2)
    second.ask(questions(1))

    assert second.arrival().reply != STALE


def test_the_budget_is_the_jobs_and_not_the_processs(
    line: Line, server: JudgeServer
) -> None:
    server.replies = ["a"]
    first, second = line.judge(job=1, max_calls=1), line.judge(job=2, max_calls=1)

    kinds = []
    for judge in (first, first, second):
        judge.ask(questions(1))
        kinds.append(type(judge.arrival().reply))

    assert kinds == [Answer, Failure, Answer]


def test_where_nobody_asks_judges_the_evaluator_is_told() -> None:
    line = Line(None)

    judge = line.judge()
    judge.ask(questions(1))
    arrived = judge.arrival()
    line.close()

    assert isinstance(arrived.reply, Failure)
    assert arrived.reply.kind == "unavailable"


def test_an_evaluator_without_a_supervisor_does_not_wait() -> None:
    judge = PipedJudge(io.BytesIO(), lambda frame: None, job=0, limits=Limits())

    judge.ask(questions(1))

    with pytest.raises(EOFError):
        judge.arrival()
