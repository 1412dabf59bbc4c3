from __future__ import annotations

import pytest

from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.summary import summarise

PASSED = MetricResult(metric_name="m", score=1.0, eval_status="PASSED")
FAILED = MetricResult(metric_name="m", score=0.0, eval_status="FAILED")
SKIPPED = MetricResult(metric_name="n")
ERRORED = MetricResult(metric_name="n", error="no", eval_status="PASSED", score=0.5)


def _run(*results: MetricResult, errors: tuple[str, ...] = ()) -> RunResult:
    trace = TraceResult(trace_id="t", metric_results=list(results), agent_name="a")
    return RunResult(trace_results=[trace], errors=list(errors))


def test_results_are_counted_in_all_and_by_evaluator() -> None:
    summary = summarise(_run(PASSED, FAILED, SKIPPED, ERRORED))

    assert summary["trace_count"] == 1
    assert summary["result_counts"] == {
        "passed": 1,
        "failed": 1,
        "errored": 1,
        "skipped": 1,
    }
    assert summary["per_metric"] == {
        "m": {"passed": 1, "failed": 1, "errored": 0, "skipped": 0, "avg_score": 0.5},
        "n": {"passed": 0, "failed": 0, "errored": 1, "skipped": 1, "avg_score": None},
    }
    assert summary["agents"] == ["a"]
    assert summary["performance_metrics"] is None


def test_an_agent_is_named_once_and_sorted() -> None:
    traces = [
        TraceResult(trace_id="t", agent_name=name) for name in ("b", "a", "b", None)
    ]

    assert summarise(RunResult(trace_results=traces))["agents"] == ["a", "b"]


@pytest.mark.parametrize(
    ("results", "errors", "verdict"),
    [
        ([PASSED], [], "passed"),
        ([PASSED, SKIPPED], [], "passed"),
        ([PASSED, ERRORED], [], "errored"),
        ([PASSED, ERRORED, FAILED], [], "failed"),
        ([PASSED], ["lost a file"], "errored"),
        ([FAILED], ["lost a file"], "failed"),
        ([SKIPPED], [], "not_evaluated"),
        ([], [], "not_evaluated"),
        ([], ["No traces loaded."], "errored"),
    ],
)
def test_the_verdict_takes_the_worst(
    results: list[MetricResult], errors: list[str], verdict: str
) -> None:
    assert summarise(_run(*results, errors=tuple(errors)))["verdict"] == verdict
