"""How the figures of a comparison are written in every report."""

from __future__ import annotations

from evaluation.comparing.model import (
    Comparison,
    EvaluatorComparison,
    Figures,
    Judged,
    Unit,
)
from evaluation.reports.wording import score

HEADINGS = (
    "Evaluator",
    "Pairs",
    "Improved",
    "Regressed",
    "Same",
    "Errored",
    "Missing",
    "p",
    "Mean score",
    "Difference, 95 %",
    "Verdict",
)
NUMERIC = frozenset(range(1, 8))
# Of the changes, those that a person wants to see one by one.
SHOWN = ("regressed", "errored", "missing_in_run", "improved", "missing_in_base")
LABELS = {
    "regressed": "regressed",
    "errored": "errored",
    "improved": "improved",
    "missing_in_run": "missing in run",
    "missing_in_base": "missing in base",
}
SHOWN_ID_CHARACTERS = 12


def cells(found: EvaluatorComparison) -> list[str]:
    """Write what became of one evaluator, a text for each of ``HEADINGS``."""
    counts, figures = found.counts, found.figures
    missing = counts["missing_in_base"] + counts["missing_in_run"]
    return [
        found.evaluator,
        *map(str, (figures.pairs, counts["improved"], counts["regressed"])),
        *map(str, (counts["same"], counts["errored"], missing)),
        f"{figures.p_value:.3f}",
        means(figures),
        interval(figures),
        found.finding.verdict,
    ]


def means(figures: Figures) -> str:
    """Write the mean scores of both sides; nothing when none was measured."""
    if figures.base_mean is None:
        return ""
    return f"{score(figures.base_mean)} -> {score(figures.run_mean)}"


def interval(figures: Figures) -> str:
    """Write where the mean difference lies; nothing when none was measured."""
    if figures.interval is None:
        return ""
    return f"{figures.interval.low:+.4f} to {figures.interval.high:+.4f}"


def changed(comparison: Comparison) -> list[Judged]:
    """Return the pairs that are not the same, the worst kind first."""
    return [
        judged
        for change in SHOWN
        for judged in comparison.pairs
        if judged.change == change
    ]


def item(judged: Judged) -> str:
    """Name what a pair is about."""
    kind, name = judged.pair.item
    if kind == "case":
        return f"case {name!r}"
    return f"trace {name[:SHOWN_ID_CHARACTERS] or '(no trace id)'}"


def sides(judged: Judged) -> str:
    """Write what both sides said, base first, and the difference of the scores."""
    pair = judged.pair
    text = f"{_said(pair.base)} -> {_said(pair.run)}"
    return text if pair.delta is None else f"{text} ({pair.delta:+.4f})"


def conclusion(comparison: Comparison) -> str:
    """Write the verdict, why, and by which rule."""
    finding = comparison.finding
    return f"{finding.verdict}: {finding.reason} (rule: {comparison.rule})"


def overall(figures: Figures) -> str:
    """Count the cases."""
    noun = "case" if figures.pairs == 1 else "cases"
    return (
        f"{figures.pairs} {noun} on both sides: {figures.lost_passes} lost the pass, "
        f"{figures.gained_passes} gained it (McNemar p = {figures.p_value:.3f})"
    )


def _said(unit: Unit | None) -> str:
    if unit is None:
        return "missing"
    return unit.status if unit.score is None else f"{unit.status} {score(unit.score)}"
