"""The ``table`` output: a table a trace, then what explains the verdicts."""

from __future__ import annotations

from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.reports import performance
from evaluation.reports.explaining import verdict_lines
from evaluation.reports.grid import grid
from evaluation.reports.wording import (
    calls,
    duration,
    errors_block,
    icon,
    mismatches,
    score,
)

HEADINGS = ("", "Metric", "Score", "Status", "Per-Invocation", "Time", "Error")
NUMERIC = frozenset({HEADINGS.index("Score"), HEADINGS.index("Per-Invocation")})


def report(result: RunResult, width: int | None = None) -> str:
    """Write a run as the contract's table, followed by our explanations."""
    lines = errors_block(result.errors)
    for trace in result.trace_results:
        lines += _trace_lines(trace, width)
    lines += performance.run_lines(result.performance_metrics)
    lines += verdict_lines(result)
    return "\n".join(lines) + "\n"


def _trace_lines(trace: TraceResult, width: int | None) -> list[str]:
    return [
        f"Trace: {trace.trace_id}",
        f"Invocations: {trace.num_invocations}",
        *(f"  Warning: {warning}" for warning in trace.conversion_warnings),
        *_table(trace, width),
        *(line for metric in trace.metric_results for line in _different_calls(metric)),
        *performance.trace_lines(trace.performance_metrics),
        "",
    ]


def _table(trace: TraceResult, width: int | None) -> list[str]:
    rows = [_row(metric) for metric in trace.metric_results]
    return grid(HEADINGS, rows, numeric=NUMERIC, width=width) if rows else []


def _row(metric: MetricResult) -> tuple[str, ...]:
    return (
        icon(metric),
        metric.metric_name,
        score(metric.score),
        metric.eval_status,
        ", ".join(score(value) for value in metric.per_invocation_scores),
        duration(metric.duration_ms),
        metric.error or "",
    )


def _different_calls(metric: MetricResult) -> list[str]:
    turns = mismatches(metric) if metric.eval_status == "FAILED" else []
    lines = []
    for number, turn in turns:
        lines.append(f"  Invocation {number} trajectory mismatch:")
        for side in ("expected", "actual"):
            lines.append(f"    {side.capitalize()}:")
            lines += [f"      {call}" for call in calls(turn.get(side))]
    return [*lines, ""] if lines else []
