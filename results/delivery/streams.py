"""Sinks on this machine: standard output, and files below the operator's folder."""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from results.delivery.outcome import DELIVERED, Outcome
from runs.sinks import FileSink, path_below

# O_NONBLOCK: opening a pipe that nobody reads must not wait for ever.
APPEND = (
    os.O_WRONLY
    | os.O_APPEND
    | os.O_CREAT
    | os.O_NOFOLLOW
    | os.O_NONBLOCK
    | os.O_CLOEXEC
)
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_stdout = threading.Lock()


def write_stdout(lines: bytes) -> Outcome:
    """Write lines to standard output; logs go to standard error."""
    try:
        with _stdout:
            sys.stdout.buffer.write(lines)
            sys.stdout.buffer.flush()
    except OSError as error:
        return Outcome(error=f"standard output: {error.strerror}", transient=True)
    return DELIVERED


def append(sink: FileSink, lines: bytes, folder: Path | None) -> Outcome:
    """Append lines to a file with one write, so that two runs cannot mix theirs."""
    below = None if folder is None else path_below(folder, sink.path)
    if folder is None or below is None:
        return Outcome(error="the file is not below AGENTEVALS_SINK_DIR (any more)")
    try:
        with _opened(folder, below) as file:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return Outcome(error="not a regular file")
            written = os.write(file, lines)
    except OSError as error:
        return Outcome(error=f"{below}: {error.strerror}", transient=True)
    if written < len(lines):
        return Outcome(error=f"{below}: the disk is full", transient=True)
    return DELIVERED


@contextmanager
def _opened(folder: Path, below: Path) -> Iterator[int]:
    """Open a file for appending, step by step from the folder and through no link.

    The path was resolved just before; a link that takes a step's place meanwhile makes
    that step fail instead of leading out.
    """
    *steps, name = below.parts
    here = os.open(folder, FOLDER)
    try:
        for step in steps:
            here = _enter(here, step)
        file = os.open(name, APPEND, 0o640, dir_fd=here)
    finally:
        os.close(here)
    try:
        yield file
    finally:
        os.close(file)


def _enter(parent: int, name: str) -> int:
    """Open a folder in ``parent``, made when it is missing, and close ``parent``."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o750, dir_fd=parent)
    child = os.open(name, FOLDER, dir_fd=parent)
    os.close(parent)
    return child
