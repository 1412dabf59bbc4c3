"""``agentevals compare``: is a run worse than another?"""

from __future__ import annotations

import click

from agentevals_site.cli.server import server_option
from evaluation.cli.group import output_options

OUTPUTS = ("table", "json", "markdown")
FAIL_ON = ("lost-pass", "any-regression", "significant", "never")


@click.command()
@click.argument("base")
@click.argument("run")
@server_option
@click.option(
    "-o",
    "--output",
    type=click.Choice(OUTPUTS),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.option(
    "--output-file",
    metavar="PATH",
    type=click.Path(dir_okay=False, writable=True),
    help="Write the output there instead of to stdout.",
)
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="lost-pass",
    show_default=True,
    help="What makes RUN regressed: a pass that BASE had and RUN has not, any result "
    "that is worse, or only what cannot be chance.",
)
@click.option(
    "--allow-missing",
    is_flag=True,
    help="Do not mind results that passed in BASE and are not in RUN.",
)
@output_options
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    base: str,
    run: str,
    server: str,
    output: str,
    output_file: str | None,
    fail_on: str,
    allow_missing: bool,
) -> None:
    """Compare the results of two runs.

    BASE and RUN are files that 'agentevals run -o json' wrote, or ids of runs on the
    server.

    \b
    Exit codes:
      0  RUN is not worse
      1  RUN regressed
      2  wrong usage
      3  could not be compared
    """  # noqa: D301 - click needs the character itself
    # Late, so that --help does not wait for what compares.
    from agentevals_site.cli.comparing import Request, execute

    request = Request(
        base=base,
        run=run,
        server=server,
        output=output,
        output_file=output_file,
        fail_on=fail_on,
        allow_missing=allow_missing,
    )
    ctx.exit(execute(request))
