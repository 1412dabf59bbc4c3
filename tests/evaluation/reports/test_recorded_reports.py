"""The contract's table and summary, rebuilt from the recorded results."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.reports import report

pytestmark = pytest.mark.golden

NUMBER = re.compile(r"(?<![\w.])-?\d+(\.\d+)?(?=\s|,|$)")
# Only a trace without turns has a result that was never timed.
UNTIMED = "(all)"


def recorded(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    documents = [
        (path.name, json.loads(path.read_text(encoding="utf-8")))
        for path in sorted((folder / "golden" / "eval").glob("*.expected.json"))
    ]
    return [(name, document) for name, document in documents if "table" in document]


def result_of(document: dict[str, Any]) -> RunResult:
    told = document["result"]
    return RunResult(
        errors=told["errors"],
        performance_metrics=told.get("performance_metrics"),
        trace_results=[trace_of(trace) for trace in told["traces"]],
    )


def trace_of(told: dict[str, Any]) -> TraceResult:
    return TraceResult(
        trace_id=told["trace_id"],
        num_invocations=told["num_invocations"],
        conversion_warnings=told["conversion_warnings"],
        performance_metrics=told.get("performance_metrics"),
        metric_results=[
            MetricResult(
                **metric,
                duration_ms=None if metric["metric_name"] == UNTIMED else 0,
            )
            for metric in told["metrics"]
        ],
    )


def with_four_decimals(table: str) -> list[str]:
    """Return lines with equal spacing, and every number of a metric as we write it."""
    lines = []
    for line in table.strip().splitlines():
        if line.startswith("["):
            line = NUMBER.sub(lambda found: f"{float(found[0]):.4f}", line)
        lines.append(re.sub("-{2,}", "--", re.sub(" +", " ", line)).strip())
    return lines


def test_the_table_is_the_recorded_one_but_for_numbers(shared: Path) -> None:
    different = []
    cases = recorded(shared)

    for name, document in cases:
        ours, *_ = report(result_of(document), "table").split("Verdicts:\n")
        if with_four_decimals(ours) != with_four_decimals(document["table"]):
            different.append(name)

    assert len(cases) > 200
    assert different == []


def test_the_summary_is_the_recorded_one_but_for_errors_of_several_lines(
    shared: Path,
) -> None:
    different = []

    for name, document in recorded(shared):
        result = result_of(document)
        metrics = [m for trace in result.trace_results for m in trace.metric_results]
        if any("\n" in (metric.error or "") for metric in metrics):
            continue
        if report(result, "summary").strip() != document["summary"].strip():
            different.append(name)

    assert different == []
