"""From figures to a verdict, by a written rule (docs/explanation/comparing.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluation.comparing.model import (
    Conclusion,
    EvaluatorComparison,
    Figures,
    Finding,
    Rule,
)
from evaluation.comparing.statistics import SIGNIFICANCE
from evaluation.metrics.metric import Direction

# With fewer changes no exact test of paired data reaches 5 %: 2 / 2**5 is 0.0625. The
# bootstrap alone would call 4 of 10 scores that fell a proof.
FEWEST_CHANGES = 6


def conclude(
    figures: Figures, counts: Mapping[str, int], better: Direction, rule: Rule
) -> Finding:
    """Decide about one evaluator.

    Args:
        figures: of its pairs.
        counts: pairs by their change.
        better: which end of its scale is good.
        rule: what it takes to call it regressed.
    """
    if not figures.pairs:
        return Finding(verdict="inconclusive", reason="nothing stands on both sides")
    found = _significant(figures, better)
    if rule == "significant":
        return found or _inconclusive(figures, counts)
    lost, gained = figures.lost_passes, figures.gained_passes
    if lost:
        text = f"{lost} of {figures.pairs} lost the pass, {gained} gained one"
        return Finding(verdict="regressed", reason=text)
    if rule == "any-regression" and counts["regressed"]:
        text = f"{counts['regressed']} of {figures.pairs} got worse"
        return Finding(verdict="regressed", reason=text)
    if found and (found.verdict == "regressed" or not gained):
        return found
    if gained:
        text = f"{gained} of {figures.pairs} gained the pass and none lost it"
        return Finding(verdict="improved", reason=text)
    return _inconclusive(figures, counts)


def combine(
    evaluators: Sequence[EvaluatorComparison],
    overall: Figures,
    rule: Rule,
) -> Finding:
    """Decide about everything: one evaluator that regressed is enough."""
    verdicts: tuple[Conclusion, ...] = ("regressed", "improved")
    for verdict in verdicts:
        named = [e for e in evaluators if e.finding.verdict == verdict]
        if named:
            told = "; ".join(f"{e.evaluator}: {e.finding.reason}" for e in named)
            return Finding(verdict=verdict, reason=told)
        cases = _passes(overall, "cases") if rule == "significant" else None
        if cases and cases.verdict == verdict:
            return cases
    if not overall.pairs and not any(e.figures.pairs for e in evaluators):
        return Finding(verdict="inconclusive", reason="nothing stands on both sides")
    changed = any(e.counts["improved"] or e.counts["regressed"] for e in evaluators)
    text = "what changed proves nothing" if changed else "nothing got better or worse"
    return Finding(verdict="inconclusive", reason=text)


def _significant(figures: Figures, better: Direction) -> Finding | None:
    """Say what cannot be chance; passes count before scores."""
    return _passes(figures, "pairs") or _scores(figures, better)


def _passes(figures: Figures, noun: str) -> Finding | None:
    if figures.p_value >= SIGNIFICANCE:
        return None
    lost, gained = figures.lost_passes, figures.gained_passes
    text = (
        f"of {figures.pairs} {noun} {lost} lost the pass and {gained} gained it "
        f"(McNemar p = {figures.p_value:.2g})"
    )
    return Finding(verdict="regressed" if lost > gained else "improved", reason=text)


def _scores(figures: Figures, better: Direction) -> Finding | None:
    interval = figures.interval
    if interval is None or better == "informational":
        return None
    if figures.changed < FEWEST_CHANGES or interval.low <= 0 <= interval.high:
        return None
    rose = interval.low > 0
    text = (
        f"the mean score of {figures.scored} pairs {'rose' if rose else 'fell'} by "
        f"{interval.low:+.4f} to {interval.high:+.4f} (95 %)"
    )
    good = rose == (better == "higher")
    return Finding(verdict="improved" if good else "regressed", reason=text)


def _inconclusive(figures: Figures, counts: Mapping[str, int]) -> Finding:
    changed = counts["improved"] + counts["regressed"]
    if not changed:
        text = "nothing got better or worse"
    elif changed < FEWEST_CHANGES:
        text = f"{changed} of {figures.pairs} changed, too few to prove anything"
    else:
        text = f"{changed} of {figures.pairs} changed, which may be chance"
    return Finding(verdict="inconclusive", reason=text)
