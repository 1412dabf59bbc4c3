"""``agentevals list-metrics``: what can be measured."""

from __future__ import annotations

import click

from evaluation.metrics.metric import Metric
from evaluation.metrics.registry import METRICS

NEEDS = (
    ("requires_eval_set", "an eval set"),
    ("requires_llm", "a judge model"),
    ("requires_gcp", "Vertex AI"),
    ("requires_rubrics", "rubrics"),
)


@click.command("list-metrics")
def list_metrics() -> None:
    """List the metrics that run can measure."""
    lines = ["Available metrics:", ""]
    for metric in METRICS.values():
        if metric.listed:
            lines += _lines(metric)
    click.echo("\n".join(lines))


def _lines(metric: Metric) -> list[str]:
    needs = [what for flag, what in NEEDS if getattr(metric, flag)]
    return [
        f"  {metric.name}",
        f"    {metric.description}",
        *_range(metric.range),
        *([f"    Needs: {', '.join(needs)}"] if needs else []),
        *_lack(metric),
        "",
    ]


def _range(ends: tuple[float, float | None]) -> list[str]:
    low, high = ends
    closing = "inf)" if high is None else f"{float(high)}]"
    return [f"    Value range: [{float(low)}, {closing}"]


def _lack(metric: Metric) -> list[str]:
    if metric.lack is None:
        return []
    return [f"    Not available: {metric.lack.text.format(name=metric.name)}"]
