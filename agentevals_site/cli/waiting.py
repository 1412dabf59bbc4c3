"""Waiting for the end of runs, and leaving them alone when nobody wants to wait."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import click

from agentevals_site.cli.server import Server, ServerError, UnreachableServerError
from evaluation.values import JSONObject, Value

ENDED = {"succeeded", "failed", "cancelled"}
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 3.0
# A server that is restarted is away for less.
UNANSWERED = 20
INTERRUPTED = 130
Sleep = Callable[[float], None]


class Submitted(Value, frozen=True, kw_only=True):
    """A run that a server has accepted, and the file it is about."""

    name: str
    run_id: str


class StoppedWaiting(click.ClickException):
    """Somebody pressed Ctrl+C; the runs go on."""

    exit_code = INTERRUPTED


def wait_for(server: Server, runs: Sequence[Submitted], sleep: Sleep) -> None:
    """Return when all runs have ended.

    Raises:
        StoppedWaiting: the wait was interrupted; the text says how to go on.
        ServerError: the server does not tell any more where they stand.
    """
    for place, run in enumerate(runs):
        try:
            _wait_for_one(server, run, sleep)
        except KeyboardInterrupt as error:
            raise StoppedWaiting(_goes_on(server, runs[place:])) from error
        except UnreachableServerError as error:
            text = f"{error.message} {_goes_on(server, runs[place:])}"
            raise ServerError(text) from error


def _wait_for_one(server: Server, run: Submitted, sleep: Sleep) -> None:
    pause_s, unanswered, status = FIRST_PAUSE_S, 0, ""
    while True:
        try:
            found: JSONObject = server.get(f"runs/{run.run_id}")
        except UnreachableServerError:
            unanswered += 1
            if unanswered == UNANSWERED:
                raise
        else:
            unanswered = 0
            if found["status"] != status:
                status = found["status"]
                _show(run, status)
            if status in ENDED:
                return
        sleep(pause_s)
        pause_s = min(1.5 * pause_s, LONGEST_PAUSE_S)


def _show(run: Submitted, status: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"{run.name}: {status}", err=True)


def _goes_on(server: Server, runs: Sequence[Submitted]) -> str:
    first = f"{server.url}/api/runs/{runs[0].run_id}"
    subject = "The run goes on" if len(runs) == 1 else f"{len(runs)} runs go on"
    return f"{subject}. Look: curl {first} . Cancel: curl -X POST {first}/cancel" + (
        " , and so on." if len(runs) > 1 else ""
    )
