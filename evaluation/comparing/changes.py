"""What became of one pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from evaluation.comparing.model import Change, Judged, Pair
from evaluation.metrics.metric import Direction
from evaluation.metrics.registry import METRICS

CHANGES: tuple[Change, ...] = (
    "improved",
    "regressed",
    "same",
    "errored",
    "missing_in_base",
    "missing_in_run",
)
# An error is not among them: nobody knows where it belongs, only that it is no pass.
RANKS = {"failed": 0, "skipped": 1, "passed": 2}
# Less than this is how floating point sums, not how an agent behaves.
TOLERANCE = 1e-9


def direction(metric: str) -> Direction:
    """Return which end of a metric's scale is good; the higher one of an unknown."""
    known = METRICS.get(metric)
    return known.better if known else "higher"


def judge(pair: Pair) -> Judged:
    """Say what became of a pair: the status decides, then the score.

    A pass that is no more is a regression, a new pass an improvement, whatever stands
    on the other side. Without a pass on either side an error leaves nothing to compare.
    """
    return Judged(pair=pair, change=_change(pair))


def count(judged: Iterable[Judged]) -> dict[str, int]:
    """Count the changes; all of them are there."""
    found = Counter(each.change for each in judged)
    return {change: found[change] for change in CHANGES}


def _change(pair: Pair) -> Change:
    if pair.base is None:
        return "missing_in_base"
    if pair.run is None:
        return "missing_in_run"
    if pair.lost_pass:
        return "regressed"
    if pair.gained_pass:
        return "improved"
    if "errored" in {pair.base.status, pair.run.status}:
        return "errored"
    step = RANKS[pair.run.status] - RANKS[pair.base.status]
    return _signed(step or progress(pair))


def progress(pair: Pair) -> float:
    """Return by how much the score is better, negative for worse, 0 for neither."""
    delta = pair.delta
    if delta is None or abs(delta) <= TOLERANCE:
        return 0.0
    metric = pair.present[-1].metric or pair.evaluator
    return {"higher": delta, "lower": -delta, "informational": 0.0}[direction(metric)]


def _signed(step: float) -> Change:
    if step == 0:
        return "same"
    return "improved" if step > 0 else "regressed"
