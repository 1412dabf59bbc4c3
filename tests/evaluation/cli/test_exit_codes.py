from __future__ import annotations

import pytest

from evaluation.cli.exit_codes import FailOn, exit_code, pass_rate
from evaluation.outcome import MetricResult, RunResult, TraceResult

RESULTS = {
    "passed": MetricResult(metric_name="m", score=1.0, eval_status="PASSED"),
    "failed": MetricResult(metric_name="m", score=0.0, eval_status="FAILED"),
    "errored": MetricResult(metric_name="m", error="no judge"),
    "not_evaluated": MetricResult(metric_name="m"),
    "informational": MetricResult(metric_name="m", score=7.0),
    "failed with an error": MetricResult(
        metric_name="m", score=0.0, eval_status="FAILED", error="broken"
    ),
}


def run_of(*traces: str, errors: list[str] | None = None) -> RunResult:
    """Make a run; each trace is a list of results, separated by commas."""
    return RunResult(
        errors=errors or [],
        trace_results=[
            TraceResult(
                trace_id=str(number),
                metric_results=[RESULTS[name] for name in names.split(",") if name],
            )
            for number, names in enumerate(traces)
        ],
    )


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (run_of("passed"), 0),
        (run_of("passed,informational"), 0),
        (run_of("failed"), 1),
        (run_of("passed", "failed"), 1),
        (run_of("errored"), 3),
        (run_of("not_evaluated"), 3),
        (run_of("passed,not_evaluated"), 3),
        (run_of("failed with an error"), 3),
        (run_of("failed,errored"), 1),
        (run_of("passed", errors=["no such file"]), 3),
        (run_of("failed", errors=["no such file"]), 1),
        (run_of(), 3),
        (run_of(""), 3),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "run",
)
def test_the_code_tells_worse_from_not_evaluated(
    result: RunResult, expected: int
) -> None:
    assert exit_code(result) == expected


@pytest.mark.parametrize(
    ("fail_on", "codes"),
    [
        ("any", [0, 1, 3, 1]),
        ("failed", [0, 1, 0, 1]),
        ("errored", [0, 0, 3, 3]),
        ("never", [0, 0, 0, 0]),
    ],
)
def test_fail_on_chooses_what_counts(fail_on: FailOn, codes: list[int]) -> None:
    runs = [run_of(x) for x in ("passed", "failed", "errored", "failed,errored")]

    assert [exit_code(run, fail_on=fail_on) for run in runs] == codes


@pytest.mark.parametrize(
    ("minimum", "expected"), [(0.0, 0), (0.5, 0), (0.51, 1), (1.0, 1)]
)
def test_enough_passing_traces_pass_the_run(minimum: float, expected: int) -> None:
    assert exit_code(run_of("passed", "failed"), min_pass_rate=minimum) == expected


def test_an_errored_trace_counts_as_not_passed_and_still_shows() -> None:
    run = run_of("passed", "errored")

    assert pass_rate(run) == 0.5
    assert exit_code(run, min_pass_rate=0.5) == 3


def test_no_trace_has_no_pass_rate() -> None:
    assert pass_rate(run_of()) is None
