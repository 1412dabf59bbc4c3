"""Carrying out ``agentevals compare``: read both sides, compare, leave with a code."""

from __future__ import annotations

import click

from agentevals_site.cli.server import Server
from agentevals_site.cli.sides import read
from evaluation.cli.exit_codes import FAILED, NOT_EVALUATED, PASSED
from evaluation.cli.output import write_text
from evaluation.comparing import Comparison, compare
from evaluation.comparing.model import RULES, Rule
from evaluation.comparing.reports import report
from evaluation.values import Value


class Request(Value, frozen=True, kw_only=True):
    """What the command line says."""

    base: str
    run: str
    server: str
    output: str = "table"
    output_file: str | None = None
    fail_on: str = "lost-pass"
    allow_missing: bool = False


def execute(request: Request) -> int:
    """Compare what was asked for, write the report, return the exit code."""
    with Server(request.server) as server:
        base = read(request.base, server)
        run = read(request.run, server)
    comparison = compare(base, run, rule=_rule(request.fail_on))
    write_text(report(comparison, request.output), path=request.output_file)
    code, why = decide(
        comparison, fail_on=request.fail_on, allow_missing=request.allow_missing
    )
    if why:
        click.echo(why, err=True)
    return code


def decide(
    comparison: Comparison, *, fail_on: str, allow_missing: bool
) -> tuple[int, str]:
    """Return 0 (not worse), 1 (regressed) or 3 (not compared), and why it is 3."""
    if not comparison.is_comparable:
        return NOT_EVALUATED, (
            "Nothing could be compared: no result of one side belongs to one of the "
            "other. Evaluate both with the same eval set, or the same traces."
        )
    if fail_on == "never":
        return PASSED, ""
    if comparison.finding.verdict == "regressed":
        return FAILED, ""
    if comparison.unproven and not allow_missing:
        return NOT_EVALUATED, (
            f"Passed in base and missing in run: {comparison.unproven}; "
            "--allow-missing lets them go."
        )
    return PASSED, ""


def _rule(fail_on: str) -> Rule:
    return next((rule for rule in RULES if rule == fail_on), "lost-pass")
