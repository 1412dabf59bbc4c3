"""Ending with the process that started this one."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent(how: signal.Signals, *, parent: int) -> None:
    """Have the kernel send ``how`` when the process ``parent`` ends, even by ``kill -9``.

    Linux only; elsewhere a child notices by the end of its pipe.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:  # it ended before the call above took effect
        os.kill(os.getpid(), how)
