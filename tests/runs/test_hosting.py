"""Evaluator processes of a server: kept, killed, waited for in a line."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from evaluation.child import DocumentHeader, Job
from evaluation.framing import Frame, FrameKind
from runs.errors import EvaluatorDiedError, ServerStoppedError, TooBusyError
from runs.hosting import Host, Hosted, Limits
from tests.worker.supervising import is_running, wait_until

Start = Callable[..., Host]
PATIENCE_S = 30.0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a maker of hosts with evaluators of one kind."""
    hosts: list[Host] = []

    def host(kind: str, **limits: int) -> Host:
        command = (sys.executable, "-m", "tests.worker.evaluators", kind)
        command += (str(tmp_path), str(os.getpid()))
        hosts.append(Host(command, Limits(**({"slots": 1} | limits))))
        return hosts[-1]

    yield host
    for each in hosts:
        each.close()


def job() -> Iterator[Frame]:
    yield Frame(kind=FrameKind.JOB, body=msgspec.json.encode(Job(config={})))


async def kinds(hosted: Hosted) -> list[FrameKind]:
    return [frame.kind async for frame in hosted.work(job())]


async def first(frames: AsyncIterator[Frame]) -> Frame:
    return await anext(frames)


async def test_a_process_is_used_again(start: Start) -> None:
    host = start("fast")
    pids = []

    for _ in range(3):
        async with host.evaluator(0) as hosted:
            assert (await kinds(hosted))[-1] is FrameKind.DONE
            pids.append(hosted.child.pid)

    assert len(set(pids)) == 1


async def test_a_process_whose_job_is_not_over_is_killed(start: Start) -> None:
    host = start("busy")

    async with host.evaluator(0) as hosted:
        await first(hosted.work(job()))
        pid = hosted.child.pid

    assert not is_running(pid)


async def test_a_stopped_process_ends_the_work(start: Start) -> None:
    host = start("busy")

    async with host.evaluator(0) as hosted:
        frames = hosted.work(job())
        await first(frames)
        hosted.stop()

        with pytest.raises(EvaluatorDiedError):
            await first(frames)


async def test_a_stopped_host_ends_the_work_and_serves_nobody_in_the_line(
    start: Start, tmp_path: Path
) -> None:
    host = start("busy")

    async def evaluate() -> None:
        async with host.evaluator(0) as hosted:
            await kinds(hosted)

    asked = [asyncio.create_task(evaluate()) for _ in range(3)]
    while not begun(tmp_path):  # noqa: ASYNC110 - it is written by another process
        await asyncio.sleep(0.01)
    host.stop()
    async with asyncio.timeout(PATIENCE_S):
        answers = await asyncio.gather(*asked, return_exceptions=True)

    assert [type(answer) for answer in answers] == [ServerStoppedError] * 3
    assert begun(tmp_path) == 1


async def test_a_stopped_host_takes_nothing_on(start: Start) -> None:
    host = start("fast")
    host.stop()

    with pytest.raises(ServerStoppedError):
        async with host.evaluator(0):
            pass


@pytest.mark.parametrize("kind", ["dying", "garbage", "endless"])
async def test_a_process_that_breaks_ends_the_work_and_the_next_is_new(
    start: Start, kind: str, tmp_path: Path
) -> None:
    host = start(kind)

    for _ in range(2):
        with pytest.raises(EvaluatorDiedError):
            async with host.evaluator(0) as hosted:
                await kinds(hosted)

    assert begun(tmp_path) == 2


def begun(folder: Path) -> int:
    """Return how many processes have begun a job."""
    return len(list(folder.glob("*.begun")))


async def test_a_process_that_died_while_it_waited_is_not_given_out(
    start: Start,
) -> None:
    host = start("fast")
    async with host.evaluator(0) as hosted:
        await kinds(hosted)
        pid = hosted.child.pid
    hosted.child.kill()
    wait_until(lambda: not is_running(pid), "it is dead")

    async with host.evaluator(0) as hosted:
        assert (await kinds(hosted))[-1] is FrameKind.DONE


async def test_a_document_larger_than_the_pipe_gets_through(start: Start) -> None:
    host = start("fast")
    document = Frame(kind=FrameKind.DOCUMENT, body=bytes(8 << 20))

    async with host.evaluator(0) as hosted:
        frames = hosted.work(iter([*job_with(3), document, document, document]))
        found = [frame.kind async for frame in frames]

    assert found[-1] is FrameKind.DONE


def job_with(documents: int) -> Iterator[Frame]:
    asked = Job(config={}, documents=tuple(DocumentHeader() for _ in range(documents)))
    yield Frame(kind=FrameKind.JOB, body=msgspec.json.encode(asked))


async def test_who_comes_when_all_are_busy_waits_in_line(start: Start) -> None:
    host = start("fast", slots=2)
    most = busy = 0

    async def evaluate() -> None:
        nonlocal most, busy
        async with host.evaluator(0) as hosted:
            busy += 1
            most = max(most, busy)
            await kinds(hosted)
            busy -= 1

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(evaluate() for _ in range(8)))

    assert most == 2


async def test_the_line_is_served_in_order(start: Start) -> None:
    host = start("fast")
    served: list[int] = []

    async def evaluate(number: int) -> None:
        async with host.evaluator(0):
            served.append(number)

    async with host.evaluator(0):
        waiting = [asyncio.create_task(evaluate(n)) for n in range(5)]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)

    assert served == [0, 1, 2, 3, 4]


async def test_who_leaves_the_line_takes_no_turn(start: Start) -> None:
    host = start("fast")

    async def evaluate() -> str:
        async with host.evaluator(0):
            return "served"

    async with host.evaluator(0):
        leaving = asyncio.create_task(evaluate())
        staying = asyncio.create_task(evaluate())
        await asyncio.sleep(0)
        leaving.cancel()
    with suppress(asyncio.CancelledError):
        await leaving

    assert await staying == "served"


async def test_who_leaves_when_it_is_its_turn_passes_it_on(start: Start) -> None:
    host = start("fast")

    async def evaluate() -> str:
        async with host.evaluator(0):
            return "served"

    async with host.evaluator(0):
        leaving = asyncio.create_task(evaluate())
        staying = asyncio.create_task(evaluate())
        await asyncio.sleep(0)
    leaving.cancel()  # its turn was given just now
    with suppress(asyncio.CancelledError):
        await leaving

    async with asyncio.timeout(PATIENCE_S):
        assert await staying == "served"


@pytest.mark.parametrize(
    ("limits", "size"),
    [({"waiting": 0}, 0), ({"waiting_bytes": 10}, 11)],
    ids=["number", "bytes"],
)
async def test_a_line_that_is_too_long_turns_people_away(
    start: Start, limits: dict[str, int], size: int
) -> None:
    host = start("fast", **limits)

    async with host.evaluator(0):
        with pytest.raises(TooBusyError, match="POST /api/runs"):
            async with host.evaluator(size):
                pass

    async with host.evaluator(size):
        pass
