"""Evaluator processes: started, spoken to, killed."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import MsgspecError

from evaluation.framing import Frame, FrameDecoder, FrameKind, FramingError
from evaluation.judging.asking import Asker
from evaluation.judging.piping import Correspondence

PROJECT = Path(__file__).resolve().parent.parent.parent
# All that an evaluator sees of the environment: no database, no keys.
PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "TZ")
READ_SIZE = 1 << 16
PIPE_WAIT_S = 0.5
# As much as the kernel lets anybody have: most jobs fit in whole, where both sides would
# take turns for every 64 kB.
PIPE_SIZE = 1 << 20


class Child:
    """One evaluator process and the frames that go to and fro.

    Its pipes never block the supervisor: what the child does not take now is kept.
    """

    def __init__(self, command: Sequence[str], asker: Asker | None = None) -> None:
        """Start the process in a group of its own, out of reach of Ctrl+C.

        Its questions to judges are answered by ``asker``, in other threads.
        """
        self._process = subprocess.Popen(  # noqa: S603 - the command is our own
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=_environment(),
        )
        assert self._process.stdin is not None  # noqa: S101 - for the type checker
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        self.input = self._process.stdin.fileno()
        self.output = self._process.stdout.fileno()
        _widen(self.input)
        os.set_blocking(self.input, False)
        os.set_blocking(self.output, False)
        self._decoder = FrameDecoder()
        self._unsent: deque[memoryview] = deque()
        # Replies of judges are sent by the threads that got them.
        self._writing = threading.Lock()
        self._is_closed = False
        self._judging = Correspondence(asker, self._reply)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def has_unsent(self) -> bool:
        """Whether the child still has to be given something."""
        return bool(self._unsent)

    def send(self, frames: Iterable[Frame]) -> None:
        """Queue frames and pass on what the pipe takes."""
        with self._writing:
            self._unsent.extend(memoryview(frame.encode()) for frame in frames)
        self.flush()

    def flush(self) -> None:
        """Pass on what the pipe takes now; a dead child shows at the next read."""
        with self._writing, suppress(BlockingIOError, BrokenPipeError):
            while self._unsent and not self._is_closed:
                written = os.write(self.input, self._unsent[0])
                rest = self._unsent.popleft()[written:]
                if rest:
                    self._unsent.appendleft(rest)

    def receive(self) -> list[Frame] | None:
        """Return the frames that have arrived; None when the process has ended.

        Questions to judges are not among them: they are being answered.

        Raises:
            FramingError: the process does not speak as it should.
        """
        try:
            data = os.read(self.output, READ_SIZE)
        except BlockingIOError:
            return []
        return self._without_questions(self._decoder.feed(data)) if data else None

    def kill(self) -> None:
        """End the process and whatever it started, at once. May be called from any thread."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> int:
        """Kill, reap and forget the process; return its exit status."""
        self.kill()
        self._judging.close()
        with self._writing:
            self._is_closed = True
            with suppress(BrokenPipeError):
                self._process.stdin.close()  # type: ignore[union-attr]  # opened above
        self._process.stdout.close()  # type: ignore[union-attr]  # opened above
        return self._process.wait()

    def _without_questions(self, frames: list[Frame]) -> list[Frame]:
        for frame in frames:
            if frame.kind is FrameKind.QUESTION:
                try:
                    self._judging.receive(frame.body)
                except MsgspecError as error:
                    raise FramingError(f"no question: {error}") from error
        return [frame for frame in frames if frame.kind is not FrameKind.QUESTION]

    def _reply(self, frame: Frame) -> None:
        """Send from whichever thread; waits for the pipe, which nobody else does."""
        self.send([frame])
        while self.has_unsent and not self._is_closed and self.is_alive:
            with suppress(OSError, ValueError):  # closed meanwhile
                select.select([], [self.input], [], PIPE_WAIT_S)
            self.flush()


class Evaluators:
    """The processes that wait for a job; more are started when they are needed."""

    def __init__(self, command: Sequence[str], asker: Asker | None = None) -> None:
        """Start nothing yet; ``asker`` answers questions to judges."""
        self._command = command
        self._asker = asker
        self._idle: list[Child] = []

    def start_one(self) -> None:
        """Have a process ready, so that the first job does not wait for its start."""
        self._idle.append(Child(self._command, self._asker))

    def take(self) -> Child:
        """Return a process that waits and lives, or a new one."""
        while self._idle:
            child = self._idle.pop()
            if child.is_alive:
                return child
            child.close()
        return Child(self._command, self._asker)

    def give_back(self, child: Child) -> None:
        """Keep a process that has finished its job."""
        self._idle.append(child)

    def close(self) -> None:
        """End them all."""
        while self._idle:
            self._idle.pop().close()


def _widen(pipe: int) -> None:
    """Let a pipe hold more, where the system can and the user may."""
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**passed, "PYTHONPATH": str(PROJECT)}
