"""Requests and the threads that they are answered in."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from agentevals_site.reused_threads import MAX_IDLE, ReusedThreads


class Answers:
    """An application that notes its threads and answers so many requests together."""

    def __init__(self, *, together: int = 1) -> None:
        self.threads: list[threading.Thread] = []
        self._all_here = threading.Barrier(together, timeout=30)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await sync_to_async(self._answer)()

    def _answer(self) -> None:
        self.threads.append(threading.current_thread())
        self._all_here.wait()


async def test_one_request_after_another_uses_the_same_thread() -> None:
    answers = Answers()
    application = ReusedThreads(answers)

    for _ in range(3):
        await application({}, None, None)

    assert len(answers.threads) == 3
    assert len(set(answers.threads)) == 1


async def test_requests_at_once_have_a_thread_each_and_few_threads_stay() -> None:
    count = MAX_IDLE + 2
    answers = Answers(together=count)
    application = ReusedThreads(answers)

    await asyncio.gather(*(application({}, None, None) for _ in range(count)))

    assert len(set(answers.threads)) == count
    for _ in range(500):
        alive = sum(thread.is_alive() for thread in answers.threads)
        if alive == MAX_IDLE:
            break
        await asyncio.sleep(0.01)  # those that are not needed end by themselves
    assert alive == MAX_IDLE


async def test_a_request_that_fails_gives_its_thread_back() -> None:
    answers = Answers()

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        await answers(scope, receive, send)
        raise ValueError("a fault of the application")

    application = ReusedThreads(failing)
    for _ in range(2):
        with pytest.raises(ValueError, match="a fault"):
            await application({}, None, None)

    assert len(answers.threads) == 2
    assert len(set(answers.threads)) == 1


async def test_a_request_that_is_ended_while_it_works_keeps_its_thread() -> None:
    answers, busy, may_end = Answers(), threading.Event(), threading.Event()

    def work() -> None:
        busy.set()
        may_end.wait()

    async def working(scope: Any, receive: Any, send: Any) -> None:
        await answers(scope, receive, send)
        if not busy.is_set():
            await sync_to_async(work)()

    application = ReusedThreads(working)
    ended = asyncio.create_task(application({}, None, None))
    await asyncio.to_thread(busy.wait)
    ended.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ended

    await application({}, None, None)
    may_end.set()

    first, second = answers.threads
    assert first is not second
    await asyncio.to_thread(first.join)
