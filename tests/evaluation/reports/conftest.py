"""A run with one verdict of every kind."""

from __future__ import annotations

import pytest

from evaluation.outcome import MetricResult, RunResult, TraceResult

FAILED_TURN = {
    "invocation_id": "turn-1",
    "expected": [{"name": "dive", "args": {"depth": 3}}],
    "actual": [{"name": "dive", "args": {"depth": "3"}}],
    "matched": False,
}


@pytest.fixture
def passed() -> MetricResult:
    return MetricResult(
        metric_name="response_match_score",
        score=0.75,
        eval_status="PASSED",
        per_invocation_scores=[0.75],
        duration_ms=12.4,
        explanation={"threshold": 0.5},
    )


@pytest.fixture
def failed() -> MetricResult:
    return MetricResult(
        metric_name="tool_trajectory_avg_score",
        score=0.0,
        eval_status="FAILED",
        per_invocation_scores=[0.0],
        details={"comparisons": [FAILED_TURN]},
        duration_ms=0.2,
        explanation={
            "threshold": 0.5,
            "match_type": "EXACT",
            "turns": [
                {
                    "missing_calls": ["dive"],
                    "first_difference": {
                        "tool": "dive",
                        "path": "args.depth",
                        "expected": 3,
                        "actual": "3",
                    },
                }
            ],
        },
    )


@pytest.fixture
def errored() -> MetricResult:
    return MetricResult(
        metric_name="my_eval",
        error="Custom evaluator 'my_eval' broke\nEvaluator stderr:\n<|no & none|>",
        error_code="evaluator_failed",
        duration_ms=1_234.0,
    )


@pytest.fixture
def skipped() -> MetricResult:
    return MetricResult(metric_name="hallucinations_v1")


@pytest.fixture
def run_of_all(
    passed: MetricResult,
    failed: MetricResult,
    errored: MetricResult,
    skipped: MetricResult,
) -> RunResult:
    trace = TraceResult(
        trace_id="abcdef0123456789",
        num_invocations=1,
        metric_results=[failed, passed, errored, skipped],
        conversion_warnings=["one span has no end"],
        eval_case_id="deep dive",
        eval_case_match="user_text",
    )
    return RunResult(trace_results=[trace], errors=["Failed to load 'x.json': <bad>"])
