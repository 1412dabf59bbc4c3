"""Comparing two sides: pair, judge, measure, conclude."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.comparing.changes import TOLERANCE, count, direction, judge, progress
from evaluation.comparing.concluding import combine, conclude
from evaluation.comparing.differing import differences
from evaluation.comparing.model import (
    Comparison,
    EvaluatorComparison,
    Figures,
    Judged,
    Pair,
    Rule,
    Side,
    Unit,
)
from evaluation.comparing.pairing import pair
from evaluation.comparing.statistics import mcnemar, mean, mean_interval
from evaluation.metrics.registry import METRICS


def compare(base: Side, run: Side, *, rule: Rule = "lost-pass") -> Comparison:
    """Compare the results of ``run`` with those of ``base``.

    Args:
        base: what was.
        run: what is.
        rule: what it takes to call ``run`` regressed.
    """
    pairs, remarks = pair(base, run)
    judged = tuple(judge(each) for each in pairs)
    groups: dict[str, list[Judged]] = {}
    for each in judged:
        groups.setdefault(each.pair.evaluator, []).append(each)
    evaluators = tuple(_evaluator(name, of, rule) for name, of in groups.items())
    overall = _overall(pairs)
    return Comparison(
        base=base.label,
        run=run.label,
        rule=rule,
        pairs=judged,
        evaluators=evaluators,
        overall=overall,
        counts=count(judged),
        finding=combine(evaluators, overall, rule),
        warnings=(*differences(base, run, pairs), *remarks),
    )


def _evaluator(name: str, judged: Sequence[Judged], rule: Rule) -> EvaluatorComparison:
    better = direction(judged[0].pair.present[-1].metric or name)
    figures = _figures([each.pair for each in judged])
    counts = count(judged)
    return EvaluatorComparison(
        evaluator=name,
        better=better,
        counts=counts,
        figures=figures,
        finding=conclude(figures, counts, better, rule),
    )


def _figures(pairs: Sequence[Pair]) -> Figures:
    whole = [each for each in pairs if each.base and each.run]
    lost = sum(each.lost_pass for each in whole)
    gained = sum(each.gained_pass for each in whole)
    scores = [each.scores for each in whole if each.scores]
    deltas = [after - before for before, after in scores]
    return Figures(
        pairs=len(whole),
        lost_passes=lost,
        gained_passes=gained,
        p_value=mcnemar(lost, gained),
        scored=len(scores),
        changed=_changed(deltas),
        base_mean=mean(before for before, _ in scores),
        run_mean=mean(after for _, after in scores),
        mean_delta=mean(deltas),
        interval=mean_interval(deltas),
    )


def _changed(deltas: Sequence[float]) -> int:
    return sum(abs(delta) > TOLERANCE for delta in deltas)


def _overall(pairs: Sequence[Pair]) -> Figures:
    """Count cases, since results of one case are no independent observations.

    The score of a case is how much better its results on scales of 0 to 1 are, on
    average; a mean of other scales would say nothing.
    """
    cases: dict[tuple[str, str], list[Pair]] = {}
    for each in pairs:
        if each.base and each.run:
            cases.setdefault(each.item, []).append(each)
    before = [all(_holds(p.base) for p in case) for case in cases.values()]
    after = [all(_holds(p.run) for p in case) for case in cases.values()]
    flips = list(zip(before, after, strict=True))
    lost, gained = flips.count((True, False)), flips.count((False, True))
    deltas = [
        found for case in cases.values() if (found := _progress(case)) is not None
    ]
    return Figures(
        pairs=len(cases),
        lost_passes=lost,
        gained_passes=gained,
        p_value=mcnemar(lost, gained),
        scored=len(deltas),
        changed=_changed(deltas),
        mean_delta=mean(deltas),
        interval=mean_interval(deltas),
    )


def _holds(unit: Unit | None) -> bool:
    """Tell whether a result does not keep its case from passing; some only inform."""
    if unit is None:
        return False
    return unit.passed or (unit.status == "skipped" and unit.score is not None)


def _progress(case: Sequence[Pair]) -> float | None:
    shares = [each for each in case if each.delta is not None and _is_share(each)]
    return mean(progress(each) for each in shares)


def _is_share(pair: Pair) -> bool:
    metric = METRICS.get(pair.present[-1].metric or pair.evaluator)
    return metric is None or metric.range == (0.0, 1.0)
