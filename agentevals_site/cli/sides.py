"""What the arguments of ``compare`` mean: files of results, or runs of a server."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from agentevals_site.cli.server import Server
from evaluation.cli.exit_codes import NOT_EVALUATED
from evaluation.comparing.model import Side
from evaluation.comparing.reading import ResultsError, read_side, read_unit
from evaluation.eval_sets.digest import digest
from evaluation.eval_sets.parsing import parse_eval_set
from evaluation.values import JSON, JSONObject

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
        return read_side(path.read_bytes(), label=str(path))
    except ResultsError as error:
        raise NotComparableError(str(error)) from error
    except OSError as error:
        reason = error.strerror or error
        raise NotComparableError(f"Cannot read {str(path)!r}: {reason}") from error


def _from_server(run_id: str, server: Server) -> Side:
    run = server.get(f"runs/{run_id}")
    if run["status"] not in ENDED:
        raise NotComparableError(
            f"Run {run_id} is {run['status']}; wait for its end, or cancel it."
        )
    results = server.get(f"runs/{run_id}/results")
    units = tuple(
        read_unit(
            trace_id=row["traceId"] or row["evalSetItemId"],
            evaluator=row["evaluatorName"],
            status=row["status"],
            score=row["score"],
            explanation=row["explanation"] or {},
        )
        for row in results
    )
    return Side(
        label=_label(run),
        units=units,
        eval_set=_digest(run["spec"].get("evalSet")),
        errors=_errors(run),
    )


def _label(run: JSONObject) -> str:
    return f"{run['name']} ({run['runId']})" if run.get("name") else str(run["runId"])


def _digest(document: JSON) -> str | None:
    return digest(parse_eval_set(document)) if document else None


def _errors(run: JSONObject) -> tuple[str, ...]:
    if run["status"] == "succeeded":
        return ()
    return (run["error"] or f"the run was {run['status']}",)
