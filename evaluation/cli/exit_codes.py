"""What a finished evaluation means to the shell."""

from __future__ import annotations

from typing import Literal

from evaluation.outcome import MetricResult, RunResult, TraceResult

PASSED = 0
FAILED = 1
USAGE = 2
NOT_EVALUATED = 3

FailOn = Literal["any", "failed", "errored", "never"]
HEEDED: dict[str, frozenset[int]] = {
    "any": frozenset({FAILED, NOT_EVALUATED}),
    "failed": frozenset({FAILED}),
    "errored": frozenset({NOT_EVALUATED}),
    "never": frozenset(),
}


def exit_code(
    result: RunResult, *, fail_on: FailOn = "any", min_pass_rate: float = 1.0
) -> int:
    """Return 0 (passed), 1 (a metric failed) or 3 (something was not evaluated).

    Args:
        result: what was found.
        fail_on: which of 1 and 3 count at all; the first of them that does is returned.
        min_pass_rate: with at least this share of the traces passed, in [0, 1], failed
            metrics do not count.
    """
    metrics = [m for trace in result.trace_results for m in trace.metric_results]
    found = []
    if any(m.status == "failed" for m in metrics):
        rate = pass_rate(result)
        if rate is None or rate < min_pass_rate:
            found.append(FAILED)
    if result.errors or not metrics or any(not was_evaluated(m) for m in metrics):
        found.append(NOT_EVALUATED)
    return next((code for code in found if code in HEEDED[fail_on]), PASSED)


def was_evaluated(metric: MetricResult) -> bool:
    """Tell whether a metric was measured; one that only informs has a score."""
    return metric.status in {"passed", "failed"} or (
        metric.status == "skipped" and metric.score is not None
    )


def pass_rate(result: RunResult) -> float | None:
    """Return the share of the traces that passed, in [0, 1]; None without traces."""
    traces = result.trace_results
    if not traces:
        return None
    return sum(_passed(trace) for trace in traces) / len(traces)


def _passed(trace: TraceResult) -> bool:
    metrics = trace.metric_results
    return bool(metrics) and all(
        was_evaluated(metric) and metric.status != "failed" for metric in metrics
    )
