"""``agentevals run``: what can be said on the command line."""

from __future__ import annotations

from typing import Any

import click

from evaluation.cli.group import output_options
from evaluation.cli.options import evaluation_options, report_options


@click.command("run")
@click.argument("trace_files", metavar="TRACE_FILES...", nargs=-1, required=True)
@evaluation_options
@report_options
@output_options
@click.pass_context
def run(ctx: click.Context, /, **said: Any) -> None:
    """Evaluate trace files against a golden eval set.

    TRACE_FILES are files of any trace format, folders of them, patterns such as
    'traces/**/*.json', or - for standard input.

    \b
    Exit codes:
      0  every metric passed
      1  a metric failed
      2  wrong usage or configuration
      3  something could not be evaluated
    """  # noqa: D301 - click needs the character itself
    # Late, so that --help and wrong usage do not wait for the engine.
    from evaluation.cli.running import Request, execute

    ctx.exit(execute(Request(**said), color=ctx.color))
