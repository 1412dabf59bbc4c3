"""The commands of this library and what they are for."""

from __future__ import annotations

from evaluation.cli.group import Entry

COMMANDS = {
    "evaluator": Entry(
        target="evaluation.cli.evaluators.group:evaluator",
        summary="Write, list and configure evaluators of your own.",
    ),
    "list-metrics": Entry(
        target="evaluation.cli.list_metrics:list_metrics",
        summary="List the metrics that run can measure.",
    ),
    "run": Entry(
        target="evaluation.cli.run:run",
        summary="Evaluate trace files against a golden eval set.",
    ),
}
