"""Watching one evaluator: feed it, take what it writes, notice its end or a limit."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Callable

from evaluation.evaluators.warden.descendants import descendants, end_all, memory_of
from evaluation.evaluators.warden.starting import start
from evaluation.evaluators.warden.wire import Order, Report

CHUNK = 1 << 16
# Between two looks at memory and number of processes; looking may take a share of 5 %.
LOOK_S = 0.1
LOOK_SHARE = 20
# Without a descriptor of the process (not Linux) its end is looked for this often.
POLL_S = 0.02


class AbandonedError(Exception):
    """The caller is gone: nobody waits for the result."""


def evaluate(
    order: Order, payload: bytes, *, folder: str, caller: int
) -> tuple[Report, bytes]:
    """Run an evaluator and leave nothing of it behind.

    Returns:
        How it ended, and what it wrote to stdout.

    Raises:
        AbandonedError: ``caller``, a pipe, was closed meanwhile.
    """
    try:
        process = start(order, folder)
    except OSError as error:
        return Report("unstartable", 0, str(error)), b""
    watch = Watch(process, order, payload)
    try:
        reason = watch.until_over(caller)
    finally:
        status = end_all(process)
        watch.close()
    return Report(reason, status, watch.stderr.decode(errors="replace")), watch.output


class Watch:
    """An evaluator that runs, and what it has said so far."""

    def __init__(
        self, process: subprocess.Popen[bytes], order: Order, payload: bytes
    ) -> None:
        """Begin to watch a process that was just started."""
        self.output = b""
        self.stderr = b""
        self._written: list[bytes] = []
        self._process = process
        self._limits = order.limits
        self._unsent = memoryview(payload)
        self._length = 0
        self._reason: str | None = None
        self._selector = selectors.DefaultSelector()
        self._register(process.stdin, selectors.EVENT_WRITE, self._feed)
        self._register(process.stdout, selectors.EVENT_READ, self._take)
        self._register(process.stderr, selectors.EVENT_READ, self._overhear)
        self._pidfd = _pidfd(process.pid)
        if self._pidfd is not None:
            self._register(self._pidfd, selectors.EVENT_READ, self._ended)

    def until_over(self, caller: int) -> str:
        """Wait for the end; returns ``exited``, ``timeout``, ``output`` ...

        Raises:
            AbandonedError: see ``evaluate``.
        """
        self._register(caller, selectors.EVENT_READ, _abandon)
        deadline = time.monotonic() + self._limits.wall_s
        look_at = time.monotonic() + LOOK_S
        while self._reason is None:
            now = time.monotonic()
            if now >= deadline:
                return "timeout"
            if now >= look_at:
                self._look()
                look_at = now + max(LOOK_S, LOOK_SHARE * (time.monotonic() - now))
            self._wait(min(deadline, look_at) - now)
        if self._reason == "exited":
            self._take_the_rest()
        return self._reason

    def close(self) -> None:
        """Let go of the pipes and put the output together."""
        self.output = b"".join(self._written)
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            pipe.close()  # type: ignore[union-attr]  # all are pipes
        if self._pidfd is not None:
            os.close(self._pidfd)

    def _register(self, what: object, event: int, act: Callable[[], None]) -> None:
        self._selector.register(what, event, act)  # type: ignore[arg-type]  # a pipe or fd

    def _wait(self, seconds: float) -> None:
        if self._pidfd is None:
            seconds = min(seconds, POLL_S)
            if self._process.poll() is not None:
                self._ended()
        for key, _ in self._selector.select(max(0.0, seconds)):
            key.data()

    def _ended(self) -> None:
        self._reason = self._reason or "exited"

    def _feed(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - for the type checker
        try:
            self._unsent = self._unsent[os.write(stdin.fileno(), self._unsent) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it need not read its input
            self._unsent = self._unsent[:0]
        if not self._unsent:
            self._selector.unregister(stdin)
            stdin.close()

    def _take(self) -> None:
        chunk = self._read(self._process.stdout)
        if not chunk:
            return
        self._length += len(chunk)
        if self._length > self._limits.output_bytes:
            self._reason = "output"
        else:
            self._written.append(chunk)

    def _take_the_rest(self) -> None:
        """Read what is in the pipe; whoever else holds it is not waited for."""
        stdout = self._process.stdout
        before = -1
        while stdout in self._selector.get_map() and self._length != before:
            before = self._length
            self._take()
            if self._reason == "output":
                return
        self._overhear()

    def _overhear(self) -> None:
        chunk = self._read(self._process.stderr)
        self.stderr = (self.stderr + chunk)[-self._limits.stderr_bytes :]

    def _read(self, pipe: object) -> bytes:
        try:
            chunk = os.read(pipe.fileno(), CHUNK)  # type: ignore[attr-defined]  # a pipe
        except BlockingIOError:
            return b""
        if not chunk and pipe in self._selector.get_map():
            self._selector.unregister(pipe)  # type: ignore[arg-type]  # a pipe
        return chunk

    def _look(self) -> None:
        """End an evaluation that takes too much together."""
        pids = descendants()
        most = self._limits.memory_bytes
        if len(pids) > self._limits.processes:
            self._reason = "processes"
        elif memory_of(pids, above=most) > most:
            self._reason = "memory"


def _abandon() -> None:
    raise AbandonedError


def _pidfd(pid: int) -> int | None:
    open_pidfd = getattr(os, "pidfd_open", None)
    try:
        return int(open_pidfd(pid)) if open_pidfd is not None else None
    except OSError:  # an old kernel
        return None
