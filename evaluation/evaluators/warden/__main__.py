"""``python -m evaluation.evaluators.warden FOLDER``: orders on stdin, reports on stdout.

It ends, and everything with it, when its stdin is closed: by the caller, or by the kernel
because the caller was killed. FOLDER is its own, and deleted at the end.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from evaluation.evaluators.warden.descendants import become_reaper
from evaluation.evaluators.warden.watching import AbandonedError, evaluate
from evaluation.evaluators.warden.wire import as_order, pack, unpack

CALLER = 0


def main() -> None:
    """Carry out orders until there are no more."""
    base = sys.argv[1]
    signal.signal(signal.SIGTERM, _stop)
    become_reaper()
    output = os.dup(1)
    os.dup2(2, 1)
    try:
        with suppress(AbandonedError, BrokenPipeError):
            _serve(base, output)
    finally:
        _delete(base)


def _serve(base: str, output: int) -> None:
    while (message := unpack(_read)) is not None:
        head, payload = message
        folder = tempfile.mkdtemp(dir=base)
        try:
            report, found = evaluate(
                as_order(head), payload, folder=folder, caller=CALLER
            )
        finally:
            _delete(folder)
        _write(output, pack(report, found))


def _stop(signum: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
    raise SystemExit


def _read(length: int) -> bytes:
    parts = []
    while length and (part := os.read(CALLER, length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _write(output: int, message: bytes) -> None:
    left = memoryview(message)
    while left:
        left = left[os.write(output, left) :]


def _delete(folder: str) -> None:
    """Delete a folder and what is in it, also what was made unreadable."""
    for place, names, _ in os.walk(folder):
        for path in (Path(place, name) for name in names):
            with suppress(OSError):
                if not path.is_symlink():
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
