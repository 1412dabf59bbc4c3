"""Waiting for the end of runs, and leaving them alone when nobody wants to wait."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Self

import click
import msgspec

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
    """Return when all runs have ended; shows on a terminal how far they are.

    Raises:
        StoppedWaiting: the wait was interrupted; the text says how to go on.
        ServerError: the server does not tell any more where they stand.
    """
    with Display() as display:
        for place, run in enumerate(runs):
            try:
                _follow(server, run, display)
                _poll(server, run, display, sleep)
            except KeyboardInterrupt as error:
                raise StoppedWaiting(_goes_on(server, runs[place:])) from error
            except UnreachableServerError as error:
                text = f"{error.message} {_goes_on(server, runs[place:])}"
                raise ServerError(text) from error


class Display:
    """A line on stderr that changes, only if that is a terminal."""

    def __init__(self) -> None:
        """Show nothing yet."""
        self._status: Any = None  # rich's, imported only when it is shown

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take away what was shown."""
        if self._status is not None:
            self._status.stop()

    def show(self, run: Submitted, text: str) -> None:
        """Say where a run stands."""
        if not sys.stderr.isatty():
            return
        if self._status is None:
            from rich.console import Console

            self._status = Console(stderr=True).status("")
            self._status.start()
        self._status.update(f"{run.name}: {text}")


def _follow(server: Server, run: Submitted, display: Display) -> None:
    """Read the events of a run until it ends, or there is nothing more to read.

    A server without streams, or a stream that broke, leaves the rest to be asked for.
    """
    results = 0
    with suppress(ServerError, msgspec.DecodeError):
        for event in server.events(f"runs/{run.run_id}/events"):
            if event.kind in ENDED:
                return
            text = event.kind
            if event.kind == "progress":
                payload = msgspec.json.decode(event.data, type=_Progress).payload
                results += len(payload.results)
                if payload.judging:
                    text += f", answers of judges: {payload.judging.answers}"
            display.show(run, f"{text}, results: {results}")


class _Judging(Value, frozen=True, kw_only=True):
    answers: int


class _Found(Value, frozen=True, kw_only=True):
    results: list[msgspec.Raw] = []
    judging: _Judging | None = None


class _Progress(Value, frozen=True, kw_only=True):
    payload: _Found = _Found()


def _poll(server: Server, run: Submitted, display: Display, sleep: Sleep) -> None:
    """Ask where a run stands until it has ended."""
    pause_s, unanswered = FIRST_PAUSE_S, 0
    while True:
        try:
            found: JSONObject = server.get(f"runs/{run.run_id}")
        except UnreachableServerError:
            unanswered += 1
            if unanswered == UNANSWERED:
                raise
        else:
            unanswered = 0
            if found["status"] in ENDED:
                return
            display.show(run, found["status"])
        sleep(pause_s)
        pause_s = min(1.5 * pause_s, LONGEST_PAUSE_S)


def _goes_on(server: Server, runs: Sequence[Submitted]) -> str:
    first = f"{server.url}/api/runs/{runs[0].run_id}"
    subject = "The run goes on" if len(runs) == 1 else f"{len(runs)} runs go on"
    return f"{subject}. Look: curl {first} . Cancel: curl -X POST {first}/cancel" + (
        " , and so on." if len(runs) > 1 else ""
    )
