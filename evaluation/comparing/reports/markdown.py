"""The ``markdown`` output: a comment for a pull request or a CI job summary."""

from __future__ import annotations

from evaluation.comparing.model import Comparison, Judged
from evaluation.comparing.reports.wording import (
    HEADINGS,
    LABELS,
    cells,
    changed,
    conclusion,
    item,
    overall,
    sides,
)
from evaluation.reports.markdown import code, escaped, table_row

MARKS = {"regressed": "❌", "improved": "✅", "inconclusive": "⚪"}
CHANGE_HEADINGS = ("Change", "Of", "Evaluator", "Base -> run")
SHOWN_CHANGES = 50


def report(comparison: Comparison, width: int | None = None) -> str:
    """Write a comparison as GitHub-flavoured Markdown; ``width`` does not matter."""
    del width
    mark = MARKS[comparison.finding.verdict]
    lines = [
        "## Agent comparison",
        "",
        f"{mark} **{escaped(conclusion(comparison))}**",
        "",
        f"{code(comparison.base)} → {code(comparison.run)}: "
        f"{overall(comparison.overall)}.",
        "",
        *_evaluators(comparison),
        *(f"> {escaped(warning)}" for warning in comparison.warnings),
        *([""] if comparison.warnings else []),
        *_changes(changed(comparison)),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _evaluators(comparison: Comparison) -> list[str]:
    rows = [cells(each) for each in comparison.evaluators]
    if not rows:
        return []
    return [
        *_head(HEADINGS),
        *(table_row([code(name), *map(escaped, rest)]) for name, *rest in rows),
        "",
    ]


def _changes(judged: list[Judged]) -> list[str]:
    if not judged:
        return []
    more = len(judged) - SHOWN_CHANGES
    return [
        f"<details><summary>What changed ({len(judged)})</summary>",
        "",
        *_head(CHANGE_HEADINGS),
        *(_row(each) for each in judged[:SHOWN_CHANGES]),
        *([f"\n… and {more} more"] if more > 0 else []),
        "",
        "</details>",
    ]


def _row(judged: Judged) -> str:
    texts = (LABELS[judged.change], item(judged), sides(judged))
    label, about, said = map(escaped, texts)
    return table_row([label, about, code(judged.pair.evaluator), said])


def _head(headings: tuple[str, ...]) -> list[str]:
    return [table_row(headings), table_row(["---"] * len(headings))]
