from __future__ import annotations

import json
from typing import Any

import pytest

from evaluation.comparing import compare
from evaluation.comparing.reading import ResultsError, read_side
from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.reports import report

METRIC = {"metric_name": "m", "score": 0.5, "eval_status": "PASSED"}


def written(*metrics: Any, **fields: Any) -> bytes:
    trace = {"trace_id": "t", "metrics": list(metrics), **fields}
    return json.dumps({"traces": [trace], "errors": []}).encode()


def test_a_side_is_what_the_json_report_wrote() -> None:
    metric = MetricResult(
        metric_name="failures",
        score=0.25,
        eval_status="PASSED",
        explanation={
            "threshold": 0.3,
            "case_id": "greeting",
            "options": {"judge_model": "m"},
            "metric": "tool_error_rate",
        },
    )
    trace = TraceResult(trace_id="t", eval_case_id="greeting", metric_results=[metric])
    result = RunResult(trace_results=[trace], errors=["bad"], eval_set_digest="abc")

    side = read_side(report(result, "json").encode(), label="f")

    (unit,) = side.units
    assert (side.label, side.eval_set, side.errors) == ("f", "abc", ("bad",))
    assert (unit.trace_id, unit.evaluator, unit.status) == ("t", "failures", "passed")
    assert (unit.case_id, unit.threshold, unit.score) == ("greeting", 0.3, 0.25)
    assert (unit.metric, unit.options) == ("tool_error_rate", {"judge_model": "m"})


def test_a_file_without_explanations_is_paired_by_trace() -> None:
    side = read_side(written(METRIC), label="f")

    assert compare(side, side).counts["same"] == 1


def test_an_error_wins_over_the_status() -> None:
    side = read_side(written({**METRIC, "error": "broken"}), label="f")

    assert side.units[0].status == "errored"


def test_a_score_that_json_has_no_number_for_was_not_measured() -> None:
    side = read_side(written({**METRIC, "score": "NaN"}), label="f")

    assert side.units[0].score is None


def test_an_explanation_may_say_what_it_likes_under_our_names() -> None:
    words = {"options": 1, "case_id": [], "metric": 2, "threshold": "high"}

    (unit,) = read_side(written({**METRIC, "explanation": words}), label="f").units

    assert (unit.options, unit.case_id, unit.metric) == ({}, None, "")
    assert unit.threshold is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html>", "f: The file is not JSON"),
        (b"[]", "f: must be an object (results), got []."),
        (b"{}", "f: traces: is required but missing or null; write the file with"),
        (b'{"traces": 1}', "f: traces: must be a list, got 1."),
        (b'{"traces": [1]}', "f: traces[0]: must be an object (a trace), got 1."),
        (written({**METRIC, "eval_status": "OK"}), "metrics[0].eval_status: must be"),
        (written({**METRIC, "score": "high"}), "metrics[0].score: must be a number"),
        (written({"score": 1}), "metrics[0].metric_name: is required but missing"),
        (
            written({**METRIC, "explanation": 1}),
            "metrics[0].explanation: must be an object, got 1.",
        ),
    ],
)
def test_what_holds_no_results_is_refused_with_place_and_value(
    content: bytes, told: str
) -> None:
    with pytest.raises(ResultsError, match=r"^f: ") as refused:
        read_side(content, label="f")

    assert told in str(refused.value)
