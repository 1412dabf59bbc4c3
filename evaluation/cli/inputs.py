"""Which trace files the arguments of ``run`` mean."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

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
    files below it, without eval sets and ``apart_from``. ``-`` is standard input and
    can be read once only.

    Raises:
        click.BadParameter: a path does not exist, or nothing matches.
    """
    ours = {os.path.realpath(path) for path in apart_from}
    paths = [path for argument in arguments for path in _expand_one(argument, ours)]
    if paths.count(STDIN) > 1:
        raise _bad("'-' (standard input) can be given only once.")
    return paths


def _expand_one(argument: str, ours: set[str]) -> list[str]:
    if argument == STDIN or os.path.isfile(argument):  # noqa: PTH113 - pathlib costs 10 ms
        return [argument]
    if os.path.isdir(argument):  # noqa: PTH112 - pathlib costs 10 ms
        return _below(argument, ours)
    if os.path.exists(argument):  # noqa: PTH110 - a pipe or a device
        return [argument]
    if GLOB_CHARACTERS & set(argument):
        return _matching(argument, ours)
    raise _bad(f"Path {argument!r} does not exist.")


def _below(folder: str, ours: set[str]) -> list[str]:
    found = [
        path
        for path in sorted(_files(folder))
        if os.path.realpath(path) not in ours and not _is_eval_set(path)
    ]
    if not found:
        suffixes = ", ".join(TRACE_SUFFIXES)
        raise _bad(f"Folder {folder!r} holds no trace file ({suffixes}).")
    return found


def _files(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if name.lower().endswith(TRACE_SUFFIXES) and not name.startswith("."):
                yield os.path.join(parent, name)  # noqa: PTH118 - pathlib costs 10 ms


def _matching(pattern: str, ours: set[str]) -> list[str]:
    import glob

    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - takes any pattern, absolute ones too
    if not found:
        raise _bad(f"No file matches {pattern!r}.")
    return [path for one in found for path in _expand_one(one, ours)]


def _is_eval_set(path: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs 10 ms
            start = file.read(SNIFFED_BYTES)
    except OSError:
        return False  # the loader reports it
    return any(mark in start for mark in EVAL_SET_MARKS)


def _bad(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="'TRACE_FILES...'")
