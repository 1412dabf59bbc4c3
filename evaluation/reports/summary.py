"""The ``summary`` output: one line a metric."""

from __future__ import annotations

from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.reports.wording import duration, errors_block, icon, score


def report(result: RunResult, width: int | None = None) -> str:
    """Write a run as the contract's summary; ``width`` does not matter."""
    del width
    lines = errors_block(result.errors)
    for trace in result.trace_results:
        lines += _trace_lines(trace)
    return "\n".join(lines) + "\n"


def _trace_lines(trace: TraceResult) -> list[str]:
    return [
        f"Trace {trace.trace_id} ({trace.num_invocations} invocations):",
        *(_metric_line(metric) for metric in trace.metric_results),
        "",
    ]


def _metric_line(metric: MetricResult) -> str:
    took = duration(metric.duration_ms)
    bracket = f" [{took}]" if took else ""
    return f"  {icon(metric)} {metric.metric_name}: {_verdict(metric)}{bracket}"


def _verdict(metric: MetricResult) -> str:
    if metric.error:
        # Several lines of an error would break the layout of one line a metric.
        return "ERROR - " + " | ".join(metric.error.strip().splitlines())
    return f"{score(metric.score)} ({metric.eval_status})"
