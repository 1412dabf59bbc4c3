"""Where a report goes: stdout or a file."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import click

from evaluation.cli.exit_codes import USAGE
from evaluation.outcome import RunResult
from evaluation.reports import report

COLORS = {"[PASS]": "green", "[FAIL]": "red", "[----]": "yellow"}
ICON = re.compile(r"^ *(\[PASS\]|\[FAIL\]|\[----\])", re.MULTILINE)
COLORED = frozenset({"table", "summary"})


class UnwritableOutput(click.ClickException):
    """The report cannot be written where it was asked for."""

    exit_code = USAGE


def write_report(
    result: RunResult, output: str, *, path: str | None, color: bool | None
) -> None:
    """Write the report to ``path`` or to stdout.

    Args:
        result: what was found.
        output: the format.
        path: the file, which appears whole or not at all; None for stdout.
        color: False for never, None where a terminal shows it.
    """
    if path is not None:
        write_text(report(result, output), path=path)
        return
    text = report(result, output, width=_width())
    if output in COLORED and color is not False and sys.stdout.isatty():
        text = ICON.sub(_painted, text)
    write_text(text)


def write_text(text: str, *, path: str | None = None) -> None:
    """Write a whole report to a file, or to stdout.

    Raises:
        UnwritableOutput: it cannot be written there.
    """
    if path is not None:
        _write_file(Path(path), text)
    else:
        _write_stdout(text)


def encoded(text: str) -> bytes:
    """Return a report as UTF-8; half a surrogate pair, which UTF-8 lacks, spelled."""
    return text.encode("utf-8", "backslashreplace")


def _width() -> int | None:
    """Return the columns there are; None when nobody says how many."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit():
        return shutil.get_terminal_size().columns
    return None


def _painted(found: re.Match[str]) -> str:
    icon = found[1]
    return found[0].replace(icon, click.style(icon, fg=COLORS[icon]))


def _write_file(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(encoded(text))
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        reason = error.strerror or error
        raise UnwritableOutput(f"Cannot write {str(path)!r}: {reason}") from error


def _write_stdout(text: str) -> None:
    """Write as UTF-8 whatever the locale says; a reader that left is no failure."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(encoded(text))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The interpreter would flush once more at exit, and complain.
        _forget_stdout()
    except OSError as error:
        _forget_stdout()
        raise UnwritableOutput(f"Cannot write to stdout: {error.strerror}") from error


def _forget_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
