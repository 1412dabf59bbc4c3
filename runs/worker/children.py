"""Evaluator processes: started, spoken to, killed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from evaluation.framing import Frame, FrameDecoder

PROJECT = Path(__file__).resolve().parent.parent.parent
# All that an evaluator sees of the environment: no database, no keys.
PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "TZ")
READ_SIZE = 1 << 16


class Child:
    """One evaluator process and the frames that go to and fro.

    Its pipes never block the supervisor: what the child does not take now is kept.
    """

    def __init__(self, command: Sequence[str]) -> None:
        """Start the process in a group of its own, out of reach of Ctrl+C."""
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
        os.set_blocking(self.input, False)
        os.set_blocking(self.output, False)
        self._decoder = FrameDecoder()
        self._unsent: deque[memoryview] = deque()

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
        self._unsent.extend(memoryview(frame.encode()) for frame in frames)
        self.flush()

    def flush(self) -> None:
        """Pass on what the pipe takes now; a dead child shows at the next read."""
        with suppress(BlockingIOError, BrokenPipeError):
            while self._unsent:
                written = os.write(self.input, self._unsent[0])
                rest = self._unsent.popleft()[written:]
                if rest:
                    self._unsent.appendleft(rest)

    def receive(self) -> list[Frame] | None:
        """Return the frames that have arrived; None when the process has ended."""
        try:
            data = os.read(self.output, READ_SIZE)
        except BlockingIOError:
            return []
        return self._decoder.feed(data) if data else None

    def kill(self) -> None:
        """End the process and whatever it started, at once. May be called from any thread."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> int:
        """Kill, reap and forget the process; return its exit status."""
        self.kill()
        with suppress(BrokenPipeError):
            self._process.stdin.close()  # type: ignore[union-attr]  # opened above
        self._process.stdout.close()  # type: ignore[union-attr]  # opened above
        return self._process.wait()


class Evaluators:
    """The processes that wait for a job; more are started when they are needed."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start nothing yet."""
        self._command = command
        self._idle: list[Child] = []

    def start_one(self) -> None:
        """Have a process ready, so that the first job does not wait for its start."""
        self._idle.append(Child(self._command))

    def take(self) -> Child:
        """Return a process that waits and lives, or a new one."""
        while self._idle:
            child = self._idle.pop()
            if child.is_alive:
                return child
            child.close()
        return Child(self._command)

    def give_back(self, child: Child) -> None:
        """Keep a process that has finished its job."""
        self._idle.append(child)

    def close(self) -> None:
        """End them all."""
        while self._idle:
            self._idle.pop().close()


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**passed, "PYTHONPATH": str(PROJECT)}
