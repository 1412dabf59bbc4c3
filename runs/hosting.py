"""Evaluator processes of the web server, for requests that wait for what they say.

Everything here happens on the event loop. Processes start when they are first needed and
are kept; there are never more than a fixed number, and who comes then waits in a line.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from evaluation.framing import Frame, FrameKind, FramingError
from evaluation.judging.asking import Asker
from evaluation.values import Value
from runs.errors import EvaluatorDiedError, ServerStoppedError, TooBusyError
from runs.worker.children import Child


class Limits(Value, frozen=True, kw_only=True):
    """How many evaluators there are, and how long the line for them may get.

    ``waiting_bytes`` is what the requests in the line hold altogether.
    """

    slots: int
    waiting: int = 1000
    waiting_bytes: int = 512 * 1024 * 1024


class Line:
    """First come, first served; nobody holds more than a turn."""

    def __init__(self, limits: Limits) -> None:
        """Start with every slot free."""
        self._limits = limits
        self._free = limits.slots
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    @asynccontextmanager
    async def turn(self, size: int) -> AsyncIterator[None]:
        """Wait for a slot with ``size`` bytes in hand, and keep it in the block.

        Raises:
            TooBusyError: the line is absurdly long.
        """
        await self._enter(size)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, size: int) -> None:
        if self._free:
            self._free -= 1
            return
        waiting_bytes = sum(held for _, held in self._waiting) + size
        if (
            len(self._waiting) >= self._limits.waiting
            or waiting_bytes > self._limits.waiting_bytes
        ):
            raise TooBusyError(len(self._waiting))
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, size))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # it was given at the moment of leaving
            raise

    def _leave(self) -> None:
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Host:
    """The evaluator processes of this server."""

    def __init__(
        self,
        command: Sequence[str],
        limits: Limits,
        make_asker: Callable[[], Asker | None] = lambda: None,
    ) -> None:
        """Start nothing yet; ``command`` starts a process.

        What makes the answers to evaluators' questions to judges is made when it is needed.
        """
        self._command = command
        self._make_asker = make_asker
        self._line = Line(limits)
        self._idle: list[Child] = []
        self.busy: set[Hosted] = set()
        self.is_stopped = False
        # Of one thread that lives as long as the server: the kernel ends a process with
        # the thread that has started it.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="starter")

    @asynccontextmanager
    async def evaluator(self, size: int) -> AsyncIterator[Hosted]:
        """Wait for a turn and give a process for one job of ``size`` bytes.

        A process whose job is not over at the end of the block is killed.

        Raises:
            TooBusyError: too many wait already.
            ServerStoppedError: the server ends, before the turn came or in the block.
        """
        async with self._line.turn(size):
            self._refuse_when_stopped()
            hosted = Hosted(await self._take())
            self.busy.add(hosted)
            try:
                self._refuse_when_stopped()  # it was, while the process was started
                yield hosted
            except EvaluatorDiedError:
                self._refuse_when_stopped()
                raise
            finally:
                self.busy.discard(hosted)
                self._give_back(hosted)

    def _refuse_when_stopped(self) -> None:
        if self.is_stopped:
            raise ServerStoppedError

    async def _take(self) -> Child:
        while self._idle:
            child = self._idle.pop()
            if child.is_alive:
                return child
            child.close()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._starter, self._start)

    def _start(self) -> Child:
        return Child(self._command, self._make_asker())

    def _give_back(self, hosted: Hosted) -> None:
        hosted.detach()
        if hosted.is_done:
            self._idle.append(hosted.child)
        else:
            hosted.child.close()

    def stop(self) -> None:
        """End what is worked on: whoever waits hears that the server ends."""
        self.is_stopped = True
        for hosted in self.busy:
            hosted.stop()

    def close(self) -> None:
        """End every process."""
        self.stop()
        while self._idle:
            self._idle.pop().close()
        self._starter.shutdown(wait=False)


class Hosted:
    """One job in a process: frames go in as it takes them, frames come out."""

    def __init__(self, child: Child) -> None:
        """Attach to a process that waits for a job."""
        self.child = child
        self.is_done = self._is_detached = False
        self._loop = asyncio.get_running_loop()
        self._frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._unsent: Iterator[Frame] = iter(())
        self._is_writing = False

    async def work(self, job: Iterator[Frame]) -> AsyncIterator[Frame]:
        """Give the job and yield what comes back, until the process says it is done.

        A frame of ``job`` is asked for when the process has taken those before it.

        Raises:
            EvaluatorDiedError: the process has ended before its job, or was killed.
        """
        self._unsent = job
        self._loop.add_reader(self.child.output, self._receive)
        self._send()
        while not self.is_done:
            frame = await self._frames.get()
            if frame is None:
                raise EvaluatorDiedError
            self.is_done = frame.kind is FrameKind.DONE
            yield frame

    def stop(self) -> None:
        """Kill the process: ``work`` raises, unless it is done."""
        if not self.is_done and not self._is_detached:
            self.child.kill()

    def detach(self) -> None:
        """Hear nothing more of the process."""
        self._is_detached = True
        self._loop.remove_reader(self.child.output)
        if self._is_writing:
            self._loop.remove_writer(self.child.input)

    def _send(self) -> None:
        self.child.flush()
        while not self.child.has_unsent:
            frame = next(self._unsent, None)
            if frame is None:
                break
            self.child.send([frame])
        if self.child.has_unsent and not self._is_writing:
            self._loop.add_writer(self.child.input, self._send)
            self._is_writing = True
        elif self._is_writing and not self.child.has_unsent:
            self._loop.remove_writer(self.child.input)
            self._is_writing = False

    def _receive(self) -> None:
        try:
            frames = self.child.receive()
        except FramingError:
            self.child.kill()
            frames = None
        if frames is None:
            self._loop.remove_reader(self.child.output)
            self._frames.put_nowait(None)
        for frame in frames or ():
            self._frames.put_nowait(frame)
