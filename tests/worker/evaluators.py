"""Evaluator processes that behave as a test wants: ``KIND FOLDER PARENT``.

They speak the frames of ``evaluation.child``. In FOLDER each leaves a file named after
its process id when it begins; ``open`` in it lets those go on that wait. The kind
``real`` is the real one.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from evaluation.child import Done, Progress
from evaluation.framing import HEADER, Frame, FrameKind, read_frame
from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.parentage import end_with_parent

LOOK_S = 0.01
OUTPUT = 1


def main() -> None:
    """Answer jobs until the supervisor closes the pipe."""
    kind, folder, parent = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if kind == "real":
        command = [sys.executable, "-m", "evaluation.child", str(parent)]
        os.execv(sys.executable, command)  # noqa: S606 - our own command
    end_with_parent(signal.SIGKILL, parent=parent)
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        job = msgspec.json.decode(frame.body)
        # What is to be converted is a list of documents and nothing else.
        for _ in job if isinstance(job, list) else job.get("documents", ()):
            read_frame(sys.stdin.buffer)
        (folder / f"{os.getpid()}.begun").touch()
        KINDS[kind](folder)


def fast(folder: Path) -> None:
    """Finish at once."""
    progress("first")
    done()


def brisk(folder: Path) -> None:
    """Find two results with some work before each."""
    for metric in ("first", "second"):
        time.sleep(random.uniform(0, 0.05))  # noqa: S311 - spreads the work
        progress(metric)
    done()


def gated(folder: Path) -> None:
    """Find one result, wait until the gate is open, find another."""
    progress("first")
    while not (folder / "open").exists():
        time.sleep(LOOK_S)
    progress("second")
    done()


def slowing(folder: Path) -> None:
    """Finish at once; while there is a file ``slow``, only when the gate is open."""
    (gated if (folder / "slow").exists() else fast)(folder)


def busy(folder: Path) -> None:
    """Find one result, then hold the interpreter's lock for years."""
    progress("first")
    re.match(r"(a+)+$", "a" * 60 + "b")


def dying(folder: Path) -> None:
    """Die in the middle, until the gate is open."""
    progress("first")
    if not (folder / "open").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    done()


def garbage(folder: Path) -> None:
    """Write what is no frame."""
    os.write(OUTPUT, b"Traceback (most recent call last): ...\n" * 10)
    time.sleep(60)


def endless(folder: Path) -> None:
    """Announce four gigabytes and send some."""
    os.write(OUTPUT, HEADER.pack(b"P", 0xFFFFFFFF))
    for _ in range(64):
        os.write(OUTPUT, bytes(1 << 16))
    time.sleep(60)


def unreadable(folder: Path) -> None:
    """Send a frame whose body is not what its kind says."""
    os.write(OUTPUT, Frame(kind=FrameKind.PROGRESS, body=b'{"trace_id":7}').encode())
    time.sleep(60)


def unstorable(folder: Path) -> None:
    """Send a result that no table can hold."""
    progress("first", status="PASSED", evaluator_type="nobody knows")
    time.sleep(60)


KINDS: dict[str, Callable[[Path], None]] = {
    each.__name__: each
    for each in (
        fast,
        brisk,
        gated,
        slowing,
        busy,
        dying,
        garbage,
        endless,
        unreadable,
        unstorable,
    )
}


def progress(metric: str, *, status: str = "PASSED", **fields: str) -> None:
    """Send one finished unit."""
    result = MetricResult(metric_name=metric, score=1.0, eval_status=status, **fields)  # type: ignore[arg-type]
    send(FrameKind.PROGRESS, Progress(trace_id="t", metric=result))


def done() -> None:
    """Say that the job is finished."""
    result = RunResult(trace_results=[TraceResult(trace_id="t")])
    send(FrameKind.DONE, Done(result=result))


def send(kind: FrameKind, message: msgspec.Struct) -> None:
    """Write one frame."""
    os.write(OUTPUT, Frame(kind=kind, body=msgspec.json.encode(message)).encode())


if __name__ == "__main__":
    main()
