"""What the arguments of ``compare`` mean: files of results, or runs of a server."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click
import msgspec

from agentevals_site.cli.server import Server
from evaluation.cli.exit_codes import NOT_EVALUATED
from evaluation.comparing.model import Side
from evaluation.comparing.reading import ResultsError, read_side
from evaluation.values import Value

ENDED = {"succeeded", "failed", "cancelled"}


class NotComparableError(click.ClickException):
    """A side has nothing that could be compared."""

    exit_code = NOT_EVALUATED


def read(argument: str, server: Server) -> Side:
    """Return the results that an argument names.

    Raises:
        click.BadParameter: it names neither a file nor a run.
        NotComparableError: there are no results.
        ServerError: the server does not give them.
    """
    path = Path(argument)
    if path.is_file():
        return _from_file(path)
    try:
        run_id = UUID(argument)
    except ValueError as error:
        raise click.BadParameter(
            f"{argument!r} is neither a file nor a run id.", param_hint="'BASE RUN'"
        ) from error
    return _from_server(str(run_id), server)


def _from_file(path: Path) -> Side:
    try:
        return _side(path.read_bytes(), label=str(path))
    except OSError as error:
        reason = error.strerror or error
        raise NotComparableError(f"Cannot read {str(path)!r}: {reason}") from error


def _from_server(run_id: str, server: Server) -> Side:
    """Read a run's export, which is such a file with the run at its head."""
    content = server.file(f"runs/{run_id}/export?format=json")
    try:
        run = msgspec.json.decode(content, type=_Export).run
    except msgspec.DecodeError as error:
        raise NotComparableError(
            f"{server.url} exports no run {run_id} that could be read: {error}."
        ) from error
    if run.status not in ENDED:
        raise NotComparableError(
            f"Run {run_id} is {run.status}; wait for its end, or cancel it."
        )
    return _side(content, label=f"{run.name} ({run_id})" if run.name else run_id)


class _Run(Value, frozen=True, kw_only=True):
    """What the export tells of its run."""

    status: str
    name: str = ""


class _Export(Value, frozen=True, kw_only=True):
    """An export, as far as it is read here."""

    run: _Run


def _side(content: bytes, *, label: str) -> Side:
    try:
        return read_side(content, label=label)
    except ResultsError as error:
        raise NotComparableError(str(error)) from error
