from __future__ import annotations

import pytest
from msgspec.structs import replace

from evaluation.outcome import EvalStatus, MetricResult, RunResult, TraceResult
from evaluation.reports import report
from evaluation.reports.explaining import SHOWN_TURNS, reasons, totals

TRACE = TraceResult(trace_id="t")


def test_metrics_keep_the_requested_order(run_of_all: RunResult) -> None:
    text = report(run_of_all, "table")

    names = [
        metric.metric_name for metric in run_of_all.trace_results[0].metric_results
    ]
    places = [text.index(name) for name in names]
    assert places == sorted(places)


def test_the_verdict_names_threshold_case_and_first_difference(
    run_of_all: RunResult,
) -> None:
    lines = report(run_of_all, "table").splitlines()

    start = lines.index("Verdicts:")
    assert lines[start + 1 : start + 3] == [
        "  [FAIL] abcdef012345 tool_trajectory_avg_score: score 0.0000 < threshold 0.5; "
        "match type EXACT; case 'deep dive' (same user text)",
        '         turn 1: dive args.depth: expected 3, got "3"; missing dive',
    ]
    assert lines[-1] == (
        "1 failed, 1 passed, 1 errored, 1 not evaluated, 1 error of the run in 1 trace."
    )


def test_the_error_is_wrapped_only_when_a_width_is_known(
    errored: MetricResult,
) -> None:
    long = replace(errored, error="far too long " * 30)
    result = RunResult(trace_results=[TraceResult(trace_id="t", metric_results=[long])])

    free = report(result, "table").split("Verdicts:")[0].splitlines()
    wrapped = report(result, "table", width=120).split("Verdicts:")[0].splitlines()

    assert max(map(len, free)) > 400
    assert max(map(len, wrapped)) <= 120


def test_an_error_of_several_lines_stays_one_line_of_the_summary(
    run_of_all: RunResult,
) -> None:
    text = report(run_of_all, "summary")

    assert "ERROR - Custom evaluator 'my_eval' broke | Evaluator stderr: | <|no" in text
    assert "hallucinations_v1: N/A (NOT_EVALUATED)\n" in text


def test_a_run_without_anything_is_told_in_one_line() -> None:
    assert totals(RunResult()) == "nothing evaluated in 0 traces"


def test_a_trace_without_metrics_has_no_table() -> None:
    text = report(RunResult(trace_results=[TRACE]), "table")

    assert text == "Trace: t\nInvocations: 0\n\n"


def test_a_measurement_that_only_informs_is_no_missing_verdict() -> None:
    calls = MetricResult(metric_name="tool_call_count_v1", score=4.0)
    trace = TraceResult(trace_id="t", metric_results=[calls])

    assert totals(RunResult(trace_results=[trace])) == "1 informational in 1 trace"
    assert reasons(calls, trace) == ["score 4.0000"]


def test_only_the_first_turns_are_explained() -> None:
    turns = [{"unexpected_calls": ["dive"]}] * (SHOWN_TURNS + 2)
    metric = MetricResult(metric_name="m", score=0.0, explanation={"turns": turns})

    told = reasons(metric, TRACE)

    assert told[1] == "turn 1: unexpected dive"
    assert len(told) == 1 + SHOWN_TURNS + 1
    assert told[-1] == "and further turns"


def test_missing_turns_are_counted_from_one() -> None:
    metric = MetricResult(
        metric_name="m", score=0.5, explanation={"missing_turns": [1]}
    )

    assert reasons(metric, TRACE)[-1] == "turns of the case that never came: 2"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("FAILED", ["turn 1: missing words a, b, c, d, e, f, …"]),
        ("PASSED", []),
    ],
)
def test_missing_words_are_told_of_a_text_that_failed(
    status: EvalStatus, told: list[str]
) -> None:
    turns = [{"missing_tokens": list("abcdefg"), "unexpected_tokens": []}]
    metric = MetricResult(
        metric_name="m", score=0.1, eval_status=status, explanation={"turns": turns}
    )

    assert reasons(metric, TRACE)[1:] == told


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        (
            {"tool": "dive", "path": "args.depth", "expected": None, "actual": 3},
            "dive args.depth: expected null, got 3",
        ),
        ({"tool": "dive", "path": "args.x", "actual": 1}, "dive args.x: got 1"),
        ({"tool": "dive", "problem": "order"}, "dive: order"),
        (
            {"tool": "t", "path": "args.q", "expected": "é" * 80},
            't args.q: expected "' + "é" * 58 + "…",
        ),
    ],
    ids=["different", "unexpected", "order", "long"],
)
def test_the_first_difference_names_place_and_sides(
    difference: dict[str, object], told: str
) -> None:
    turns = [{"first_difference": difference}]
    metric = MetricResult(metric_name="m", score=0.0, explanation={"turns": turns})

    assert reasons(metric, TRACE)[1:] == [f"turn 1: {told}"]


def test_a_metric_without_a_score_says_why() -> None:
    metric = MetricResult(metric_name="m", error="no judge", error_code="no_judge")

    assert reasons(metric, TRACE) == ["not measured (no_judge)"]
