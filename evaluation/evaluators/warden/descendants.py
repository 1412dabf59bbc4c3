"""Finding and ending every process that comes from this one, wherever it hides.

On Linux this process is the reaper of its orphans: a process that forks twice or leaves
its session becomes our child. Elsewhere only the process group is ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
LOOK_S = 0.002
PROC = Path("/proc")
GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


def become_reaper() -> None:
    """Have orphaned descendants become our children instead of init's."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_all(leader: subprocess.Popen[bytes]) -> int:
    """Kill the process group of ``leader`` and all descendants, until none is left.

    A group is killed in one step that no fork can slip through; what left its group is
    looked for until there is nothing to find.

    Returns:
        The exit status of ``leader``; negative for a signal's number.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, signal.SIGKILL)
    status = leader.wait()
    while _reap():
        for pid in descendants():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(LOOK_S)
    return status


def _reap() -> bool:
    """Forget children that have ended; whether there are others."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return False
    return True


def descendants() -> list[int]:
    """Return the ids of all descendants of this process, parents first."""
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found = list(children.get(os.getpid(), ()))
    for pid in found:
        found += children.get(pid, ())
    return found


def _parents() -> Iterator[tuple[int, int]]:
    if not PROC.joinpath("self").exists():
        return
    for name in os.listdir(PROC):  # noqa: PTH208 - names are all we need of hundreds
        if name.isdigit():
            with suppress(*GONE):
                stat = PROC.joinpath(name, "stat").read_bytes()
                # The name of the program may hold anything, so look behind it.
                yield int(name), int(stat.rpartition(b")")[2].split()[1])


def memory_of(pids: list[int], *, above: int) -> int:
    """Return the memory of its own that a group of processes holds, in bytes.

    The quick sum counts what forks share once for each; only one that is ``above`` a
    bound is worth the exact one.
    """
    quick = sum(map(_private_bytes, pids))
    return quick if quick <= above else sum(map(_exact_bytes, pids))


def _private_bytes(pid: int) -> int:
    with suppress(*GONE):
        _, resident, shared, *_ = PROC.joinpath(str(pid), "statm").read_bytes().split()
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _exact_bytes(pid: int) -> int:
    with suppress(*GONE):
        for line in PROC.joinpath(str(pid), "smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return _private_bytes(pid)
