"""A stream is never silent for long, and always ends with a last word."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from evaluation.framing import Frame, FrameKind
from results.evaluating.events import KEEP_ALIVE, events
from results.evaluating.work import Evaluation
from runs.errors import EvaluatorDiedError

TOLD = Frame(kind=FrameKind.TOLD, body=b'{"message":"now"}')


class Scripted:
    """As much of an evaluation as a stream needs."""

    answer: Any = {"runId": None}

    def __init__(self, *, waits: bool = False, fails: Exception | None = None) -> None:
        self.go_on = asyncio.Event()
        self.is_closed = False
        if not waits:
            self.go_on.set()
        self._fails = fails

    async def steps(self, *, watch: bool) -> AsyncIterator[Frame]:
        try:
            yield TOLD
            await self.go_on.wait()
            if self._fails:
                raise self._fails
            yield TOLD
        finally:
            self.is_closed = True


def stream(evaluation: Scripted, keep_alive_s: float = 9.0) -> AsyncIterator[bytes]:
    return events(cast("Evaluation", evaluation), keep_alive_s=keep_alive_s)


def data(event: bytes) -> Any:
    return json.loads(event.removeprefix(b"data: "))


async def test_while_nothing_happens_comments_go_out() -> None:
    evaluation = Scripted(waits=True)
    told = stream(evaluation, keep_alive_s=0.01)

    first = [await anext(told) for _ in range(4)]
    evaluation.go_on.set()
    rest = [event async for event in told if event != KEEP_ALIVE]

    assert data(first[0]) == {"message": "now"}
    assert first[1:] == [KEEP_ALIVE] * 3
    assert [list(data(event)) for event in rest] == [["message"], ["done", "result"]]


async def test_whoever_stops_reading_stops_the_evaluation() -> None:
    evaluation = Scripted(waits=True)
    told = stream(evaluation)
    await anext(told)

    await told.aclose()  # type: ignore[attr-defined]  # it is a generator

    assert evaluation.is_closed


async def test_a_reader_that_is_cancelled_while_it_waits_stops_the_evaluation() -> None:
    evaluation = Scripted(waits=True)

    async def read() -> None:
        async for _ in stream(evaluation):
            reading.set()

    reading = asyncio.Event()
    reader = asyncio.create_task(read())
    await reading.wait()
    await asyncio.sleep(0)

    reader.cancel()
    await asyncio.wait({reader})

    assert evaluation.is_closed


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (EvaluatorDiedError(), "the evaluator process died before it was done"),
        (ZeroDivisionError("secret"), "Internal Server Error"),
    ],
    ids=["told", "unforeseen"],
)
async def test_an_evaluation_that_breaks_ends_its_stream_with_an_error(
    fault: Exception, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "results.evaluating.events")

    *_, last = [event async for event in stream(Scripted(fails=fault))]

    assert data(last) == {"error": text}
