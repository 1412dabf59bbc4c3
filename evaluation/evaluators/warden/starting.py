"""Starting an evaluator: in a session of its own, with limits, out of reach of the rest."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable

from evaluation.evaluators.warden import landlock
from evaluation.evaluators.warden.wire import Limits, Order

PR_SET_PDEATHSIG = 1


def start(order: Order, folder: str) -> subprocess.Popen[bytes]:
    """Start an evaluator that has ``folder`` for itself; its pipes never block us.

    Raises:
        OSError: it cannot be started.
    """
    ruleset = landlock.make_ruleset(folder if order.confined else None)
    try:
        process = subprocess.Popen(  # noqa: S603 - running it is what we are for
            order.argv,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=order.folder or folder,
            env={**order.environment, "HOME": folder, "TMPDIR": folder},
            start_new_session=True,
            # Safe: the warden has one thread.
            preexec_fn=_confinement(order.limits, ruleset, warden=os.getpid()),
        )
    except subprocess.SubprocessError as error:
        raise OSError(f"it cannot be confined: {error}") from error
    finally:
        if ruleset is not None:
            os.close(ruleset)
    for pipe in (process.stdin, process.stdout, process.stderr):
        os.set_blocking(pipe.fileno(), False)  # type: ignore[union-attr]  # all are pipes
    return process


def _confinement(
    limits: Limits, ruleset: int | None, *, warden: int
) -> Callable[[], None]:
    """Return what the new process does before it becomes the evaluator."""

    def confine() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != warden:
                os._exit(1)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_CPU, limits.cpu_s, beyond=1)
        # Not the address space: node reserves gigabytes of it that it never uses.
        _limit(resource.RLIMIT_DATA, limits.memory_bytes)
        _limit(resource.RLIMIT_FSIZE, limits.file_bytes)
        if ruleset is not None:
            landlock.enter(ruleset)

    return confine


def _limit(kind: int, most: int, *, beyond: int = 0) -> None:
    _, hard = resource.getrlimit(kind)
    ceiling = most + beyond if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(kind, (min(most, ceiling), min(most + beyond, ceiling)))
