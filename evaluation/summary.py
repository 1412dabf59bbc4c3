"""What a run came to, in numbers and one word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from evaluation.outcome import RunResult, Verdict
from evaluation.values import JSONObject


class Scored(Protocol):
    """What is counted of a result."""

    @property
    def metric_name(self) -> str:
        """Who said it."""

    @property
    def status(self) -> str:
        """What it counts as."""

    @property
    def score(self) -> float | None:
        """The score, None when nothing was measured."""


STATUSES = ("passed", "failed", "errored", "skipped")


def summarise(result: RunResult) -> JSONObject:
    """Count a run's results.

    Returns:
        ``trace_count``, ``result_counts``, ``errors``, ``performance_metrics``,
        ``per_metric`` (counts and ``avg_score``, None when no score was measured, by
        evaluator name), ``agents`` (sorted names) and ``verdict``.
    """
    results = [
        found for trace in result.trace_results for found in trace.metric_results
    ]
    counted = tally(results)
    return {
        "trace_count": len(result.trace_results),
        "result_counts": counted["result_counts"],
        "errors": list(result.errors),
        "performance_metrics": result.performance_metrics,
        "per_metric": counted["per_metric"],
        "agents": sorted(
            {trace.agent_name for trace in result.trace_results if trace.agent_name}
        ),
        "verdict": verdict(counted["result_counts"], has_errors=bool(result.errors)),
    }


def tally(results: Sequence[Scored]) -> JSONObject:
    """Count results wherever they come from: ``result_counts`` and ``per_metric``."""
    return {"result_counts": _counts(results), "per_metric": _per_metric(results)}


def verdict(counts: Mapping[str, int], *, has_errors: bool) -> Verdict:
    """Say in one word what counts of results come to.

    A failed result decides, then an error anywhere, then a passed result.
    """
    if counts["failed"]:
        return "failed"
    if counts["errored"] or has_errors:
        return "errored"
    return "passed" if counts["passed"] else "not_evaluated"


def _counts(results: Sequence[Scored]) -> dict[str, int]:
    found = Counter(result.status for result in results)
    return {status: found[status] for status in STATUSES}


def _per_metric(results: Sequence[Scored]) -> JSONObject:
    by_name: dict[str, list[Scored]] = {}
    for result in results:
        by_name.setdefault(result.metric_name, []).append(result)
    return {
        name: {**_counts(group), "avg_score": _average(group)}
        for name, group in by_name.items()
    }


def _average(results: Sequence[Scored]) -> float | None:
    scores = [
        result.score
        for result in results
        if result.score is not None and result.status != "errored"
    ]
    return sum(scores) / len(scores) if scores else None
