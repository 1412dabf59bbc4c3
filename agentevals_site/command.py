"""The ``agentevals`` program: one name for every command of the project."""

from __future__ import annotations

from typing import NoReturn

from evaluation.cli.commands import COMMANDS
from evaluation.cli.group import Entry, make_group, run_group

SITE_COMMANDS = {
    "compare": Entry(
        target="agentevals_site.cli.compare:compare",
        summary="Compare the results of two runs.",
    ),
    "migrate": Entry(
        target="agentevals_site.cli.migrate:migrate",
        summary="Prepare or change the database schema.",
    ),
    "prune": Entry(
        target="agentevals_site.cli.prune:prune",
        summary="Delete runs that ended long ago.",
    ),
    "serve": Entry(
        target="agentevals_site.cli.serve:serve",
        summary="Start the API server.",
    ),
    "submit": Entry(
        target="agentevals_site.cli.submit:submit",
        summary="Let a server evaluate trace files.",
    ),
}


def main() -> NoReturn:
    """Run the command line."""
    run_group(make_group({**COMMANDS, **SITE_COMMANDS}))
