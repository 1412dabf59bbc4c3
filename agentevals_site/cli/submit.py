"""``agentevals submit``: let a server evaluate traces."""

from __future__ import annotations

from typing import Any

import click

from agentevals_site.cli.server import server_option
from evaluation.cli.group import output_options
from evaluation.cli.options import evaluation_options, report_options


def read_labels(
    _ctx: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    """Read ``KEY=VALUE`` words."""
    for word in given:
        if not word.partition("=")[0] or "=" not in word:
            raise click.BadParameter(f"{word!r} is no label; write KEY=VALUE.")
    return dict(word.split("=", 1) for word in given)


@click.command()
@click.argument("trace_files", metavar="TRACE_FILES...", nargs=-1, required=True)
@server_option
@click.option("--name", metavar="TEXT", default="", help="What to call the runs.")
@click.option(
    "--label",
    "labels",
    metavar="KEY=VALUE",
    multiple=True,
    callback=read_labels,
    help="Label of the runs, repeatable; 'project' shares the workers.",
)
@click.option(
    "--wait",
    is_flag=True,
    help="Wait for the end and report as run does; the options from -o on are for this.",
)
@evaluation_options
@report_options
@output_options
@click.pass_context
def submit(ctx: click.Context, /, **said: Any) -> None:
    """Let a server evaluate trace files: a run for each.

    Prints the ids of the runs, one a line, in the order of the files; with --wait the
    report instead, and the ids on stderr.

    \b
    Exit codes:
      0  submitted; with --wait: every metric passed
      1  with --wait: a metric failed
      2  wrong usage or configuration
      3  not submitted, or something could not be evaluated
    """  # noqa: D301 - click needs the character itself
    # Late, so that --help and wrong usage do not wait for the engine.
    from agentevals_site.cli.submitting import Order, execute
    from evaluation.cli.running import Request

    own = {name: said.pop(name) for name in ("server", "name", "labels", "wait")}
    order = Order(request=Request(**said), **own)
    ctx.exit(execute(order, color=ctx.color))
