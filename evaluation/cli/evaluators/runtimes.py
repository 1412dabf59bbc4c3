"""``agentevals evaluator runtimes``: which languages can be run here."""

from __future__ import annotations

import shutil

import click

from evaluation.config.custom import EXECUTORS
from evaluation.evaluators.places import NODE_SUFFIXES, PYTHON_SUFFIXES


@click.command("runtimes")
def runtimes() -> None:
    """Show which languages can be run."""
    has_node = shutil.which("node") is not None
    lines = [
        "Language runtimes:",
        "",
        _line("Python", PYTHON_SUFFIXES, is_there=True),
        _line("Node.js", NODE_SUFFIXES, is_there=has_node),
        "",
        "Executors:",
        "",
        *(f"  {name}" for name in EXECUTORS),
        "",
    ]
    click.echo("\n".join(lines))


def _line(name: str, suffixes: tuple[str, ...], *, is_there: bool) -> str:
    found = "available" if is_there else "not found"
    return f"  {name:<12}  extensions: {', '.join(suffixes):<12}  ({found})"
