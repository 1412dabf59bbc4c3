"""``agentevals evaluator list``: what there is to evaluate with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from evaluation.cli.evaluators.local import local_evaluators
from evaluation.metrics.registry import METRICS

DEFAULT_WIDTH = 120
LEAST_DESCRIPTION = 20
DESCRIPTION_DASHES = 40
# Margin, two gaps, and what the peer leaves at the right.
MARGINS = 8


class Row(NamedTuple):
    """One evaluator."""

    source: str
    name: str
    description: str


@click.command("list")
@click.option(
    "-s",
    "--source",
    type=click.Choice(("all", "builtin", "local", "github")),
    default="all",
    show_default=True,
    help="builtin: the metrics; local: the evaluators in the folders of this one.",
)
@click.option("--refresh", is_flag=True, hidden=True, help="Nothing is cached.")
def list_evaluators(source: str, refresh: bool) -> None:
    """List the metrics, and the evaluators below this folder."""
    del refresh
    if source == "github":
        click.echo(
            "Warning: the index of remote evaluators is not read; name the one you want "
            "in an entry of type 'remote'.",
            err=True,
        )
    rows = sorted(row for row in _rows() if source in {"all", row.source})
    if not rows:
        click.echo("No evaluators found.")
        return
    click.echo("\n".join([*_table(rows), "", f"  {len(rows)} evaluator(s) found."]))


def _rows() -> Iterator[Row]:
    for metric in METRICS.values():
        if metric.listed:
            yield Row("builtin", metric.name, metric.description)
    for found in local_evaluators(Path()):
        text = f"{found.description} [{found.language}]".strip()
        yield Row("local", found.name, text)


def _table(rows: Sequence[Row]) -> list[str]:
    name = max(len(row.name) for row in rows)
    source = max(len("SOURCE"), *(len(row.source) for row in rows))
    room = max(LEAST_DESCRIPTION, _width() - name - source - MARGINS)
    dashes = "-" * min(room, DESCRIPTION_DASHES)
    return [
        f"  {'NAME':<{name}}  {'SOURCE':<{source}}  DESCRIPTION",
        f"  {'-' * name}  {'-' * source}  {dashes}",
        *(
            f"  {row.name:<{name}}  {row.source:<{source}}  {_cut(row.description, room)}"
            for row in rows
        ),
    ]


def _width() -> int:
    if os.environ.get("COLUMNS", "").isdigit() or os.isatty(1):
        return shutil.get_terminal_size((DEFAULT_WIDTH, 0)).columns
    return DEFAULT_WIDTH


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 3].rstrip() + "..."
