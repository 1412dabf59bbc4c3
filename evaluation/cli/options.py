"""Options that every command has which evaluates: what to do, and what to report."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any, TypeVar

import click

from evaluation.cli.exit_codes import HEEDED
from evaluation.reports import FORMATS

F = TypeVar("F", bound=Callable[..., Any])
TRACE_FORMATS = ("jaeger-json", "otlp-json", "otlp-proto", "langfuse-json")
MATCH_TYPES = ("EXACT", "IN_ORDER", "ANY_ORDER")
EXISTING_FILE = click.Path(exists=True, dir_okay=False)
SHARE = click.FloatRange(0, 1)


def refuse_nan(
    _ctx: click.Context, _option: click.Parameter, number: float | None
) -> float | None:
    """Refuse the number that no comparison with a range refuses."""
    if number is not None and math.isnan(number):
        raise click.BadParameter("nan is not in the range 0<=x<=1.")
    return number


def evaluation_options(command: F) -> F:
    """Give a command the options that say what to evaluate, and with what."""
    return _all(command, _EVALUATION)


def report_options(command: F) -> F:
    """Give a command the options that say what to report, and how to end."""
    return _all(command, _REPORT)


def _all(command: F, options: tuple[Callable[[F], F], ...]) -> F:
    """Add options so that --help shows them in this order."""
    return reduce(lambda done, option: option(done), reversed(options), command)


_EVALUATION: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "-e",
        "--eval-set",
        type=EXISTING_FILE,
        help="Eval set (JSON) with the expected turns.",
    ),
    click.option(
        "-m",
        "--metric",
        "metrics",
        metavar="NAME",
        multiple=True,
        help="Metric to measure, repeatable; see list-metrics.  [default: "
        "tool_trajectory_avg_score, unless --config names some]",
    ),
    click.option(
        "-f",
        "--format",
        "trace_format",
        type=click.Choice(TRACE_FORMATS, case_sensitive=False),
        help="Format of all trace files.  [default: detected]",
    ),
    click.option(
        "-j", "--judge-model", metavar="NAME", help="Model that judges, where one does."
    ),
    click.option(
        "--judge-cache",
        metavar="DIR",
        type=click.Path(file_okay=False),
        help="Where answers of judges are kept; asked again they cost nothing.  "
        "[default: the user's cache folder]",
    ),
    click.option(
        "--no-judge-cache",
        is_flag=True,
        help="Neither use nor keep answers of judges.",
    ),
    click.option(
        "-t",
        "--threshold",
        metavar="NUMBER",
        type=SHARE,
        callback=refuse_nan,
        help="Score, 0 to 1, from which every metric passes.  [default: 0.5]",
    ),
    click.option(
        "--trajectory-match-type",
        type=click.Choice(MATCH_TYPES, case_sensitive=False),
        help="How tool calls have to match.  [default: EXACT]",
    ),
    click.option(
        "-c",
        "--config",
        type=EXISTING_FILE,
        help="Configuration (YAML); what the command line says wins over it.",
    ),
    click.option(
        "--case-fallback",
        type=click.Choice(("none", "first")),
        help="Which case a trace is compared with when its user text matches no case.  "
        "[default: none, the trace is not evaluated]",
    ),
)
_REPORT: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "-o",
        "--output",
        type=click.Choice(tuple(FORMATS)),
        help="Output format.  [default: table]",
    ),
    click.option(
        "--output-file",
        metavar="PATH",
        type=click.Path(dir_okay=False, writable=True),
        help="Write the output there instead of to stdout.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(tuple(HEEDED)),
        default="any",
        show_default=True,
        help="What makes the exit code other than 0: a failed metric (1), something that "
        "could not be evaluated (3), any of the two, or nothing.",
    ),
    click.option(
        "--min-pass-rate",
        metavar="NUMBER",
        type=SHARE,
        callback=refuse_nan,
        default=1.0,
        show_default=True,
        help="Share of the traces, 0 to 1, that have to pass.",
    ),
)
