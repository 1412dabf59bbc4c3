"""A command group that imports a command only when it is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple, NoReturn, TypeVar

import click

DISTRIBUTION = "agentevals-django"
PROGRAM = "agentevals"
BROKEN = 3  # our own fault: nothing can be said about the traces
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
LOG_LEVELS = ("INFO", "DEBUG")
F = TypeVar("F", bound=Callable[..., Any])


class Entry(NamedTuple):
    """Where a command is (``module:attribute``) and the line that ``--help`` shows.

    Not a ``Value``: ``--help`` should not pay for importing msgspec.
    """

    target: str
    summary: str


class LazyGroup(click.Group):
    """Knows its commands by name and summary; ``--help`` imports none of them."""

    def __init__(self, *, entries: Mapping[str, Entry], **settings: Any) -> None:
        super().__init__(**settings)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in alphabetical order."""
        del ctx
        return sorted(self.entries)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import the command; None when there is none of that name."""
        del ctx
        entry = self.entries.get(name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        try:
            command: click.Command = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            # Only the command's own absence is news; its bugs keep their traceback.
            if error.name is None or not module.startswith(error.name):
                raise
            raise click.UsageError(
                f"The command {name!r} is not part of this installation."
            ) from error
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands without importing them."""
        names = self.list_commands(ctx)
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.entries[name].summary) for name in names])


def make_group(entries: Mapping[str, Entry]) -> click.Group:
    """Make the ``agentevals`` group of these commands, by name."""

    @click.group(PROGRAM, cls=LazyGroup, entries=entries)
    @click.option(
        "--version",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_version,
        help="Show the version and exit.",
    )
    @output_options
    def group() -> None:
        """Score the traces of AI agents against golden eval sets."""

    return group


def output_options(command: F) -> F:
    """Give a command -v and --no-color; their place on the line does not matter."""
    without_color = click.option(
        "--no-color",
        is_flag=True,
        expose_value=False,
        callback=_set_color,
        help="Never colour the output (as with NO_COLOR set).",
    )
    verbose = click.option(
        "-v",
        "--verbose",
        count=True,
        expose_value=False,
        callback=_log_to_stderr,
        help="Log more on stderr: -v for INFO, -vv for DEBUG.",
    )
    return verbose(without_color(command))


def _set_color(ctx: click.Context, _option: click.Parameter, never: bool) -> None:
    if never or os.environ.get("NO_COLOR"):
        ctx.color = False


def _log_to_stderr(
    _ctx: click.Context, _option: click.Parameter, verbosity: int
) -> None:
    if verbosity:
        import logging

        level = LOG_LEVELS[min(verbosity, len(LOG_LEVELS)) - 1]
        logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")


def _show_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version(DISTRIBUTION)
        except PackageNotFoundError:
            number = "unknown (not installed)"
        click.echo(f"{PROGRAM}, version {number}")
        ctx.exit()


def run_group(group: click.Group) -> NoReturn:
    """Run the command line of this process and leave with its exit code.

    Unlike with click alone, an interrupt (130) and a bug (3) never end in 1, which
    says that a metric failed.
    """
    try:
        code = group.main(prog_name=PROGRAM, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = INTERRUPTED
    except Exception:  # noqa: BLE001 - a bug must not look like a metric that failed
        import traceback

        traceback.print_exc()
        code = BROKEN
    sys.exit(code if isinstance(code, int) else 0)
