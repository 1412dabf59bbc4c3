"""The ``table`` output: a row an evaluator, then what changed, then the verdict."""

from __future__ import annotations

from collections.abc import Iterable

from evaluation.comparing.model import Comparison, Judged
from evaluation.comparing.reports.wording import (
    HEADINGS,
    LABELS,
    NUMERIC,
    cells,
    changed,
    conclusion,
    item,
    overall,
    sides,
)
from evaluation.reports.grid import grid


def report(comparison: Comparison, width: int | None = None) -> str:
    """Write a comparison for a terminal; ``width`` does not matter."""
    del width
    rows = [cells(each) for each in comparison.evaluators]
    lines = [f"Base: {comparison.base}", f"Run:  {comparison.run}", ""]
    lines += [*grid(HEADINGS, rows, numeric=NUMERIC), ""] if rows else []
    lines += _block("Changes", map(_change, changed(comparison)))
    lines += _block("Warnings", comparison.warnings)
    lines += [overall(comparison.overall), f"Verdict: {conclusion(comparison)}"]
    return "\n".join(lines) + "\n"


def _block(title: str, texts: Iterable[str]) -> list[str]:
    lines = [f"  {text}" for text in texts]
    return [f"{title}:", *lines, ""] if lines else []


def _change(judged: Judged) -> str:
    label = LABELS[judged.change]
    return f"{label}: {item(judged)} {judged.pair.evaluator}: {sides(judged)}"
