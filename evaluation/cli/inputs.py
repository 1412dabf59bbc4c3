"""Which trace files the arguments of ``run`` mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

STDIN = "-"
GLOB_CHARACTERS = frozenset("*?[")
TRACE_SUFFIXES = (".json", ".jsonl", ".ndjson", ".pb", ".binpb", ".otlp", ".gz")
# An eval set says what it is in its first lines.
EVAL_SET_MARKS = (b'"eval_set_id"', b'"eval_cases"')
SNIFFED_BYTES = 4_096


def expand(arguments: Iterable[str], *, apart_from: Iterable[str] = ()) -> list[str]:
    """Return the paths of all trace files that the arguments mean, in their order.

    A pattern that the shell left alone is expanded here; a folder means all trace
    files below it, without eval sets, hidden files and ``apart_from``. ``-`` is
    standard input and can be read once only.

    Raises:
        click.BadParameter: a path does not exist, or nothing matches.
    """
    ours = {Path(path).resolve() for path in apart_from}
    paths = [path for argument in arguments for path in _expand_one(argument, ours)]
    if paths.count(STDIN) > 1:
        raise _bad("'-' (standard input) can be given only once.")
    return paths


def _expand_one(argument: str, ours: set[Path]) -> list[str]:
    path = Path(argument)
    if argument != STDIN and path.is_dir():
        return _below(path, ours)
    if argument == STDIN or path.exists():
        return [argument]
    if GLOB_CHARACTERS & set(argument):
        return _matching(argument, ours)
    raise _bad(f"Path {argument!r} does not exist.")


def _below(folder: Path, ours: set[Path]) -> list[str]:
    found = [
        str(path)
        for path in sorted(_trace_files(folder))
        if path.resolve() not in ours and not _is_eval_set(path)
    ]
    if not found:
        suffixes = ", ".join(TRACE_SUFFIXES)
        raise _bad(f"Folder {str(folder)!r} holds no trace file ({suffixes}).")
    return found


def _trace_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.name.lower().endswith(TRACE_SUFFIXES) and not hidden and path.is_file():
            yield path


def _matching(pattern: str, ours: set[Path]) -> list[str]:
    import glob

    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - Path.glob refuses absolute patterns
    if not found:
        raise _bad(f"No file matches {pattern!r}.")
    return [path for one in found for path in _expand_one(one, ours)]


def _is_eval_set(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(SNIFFED_BYTES)
    except OSError:
        return False  # reading it as a trace will say why
    return any(mark in start for mark in EVAL_SET_MARKS)


def _bad(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="'TRACE_FILES...'")
