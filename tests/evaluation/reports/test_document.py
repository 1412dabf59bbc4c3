from __future__ import annotations

import json
import math

import pytest

from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.reports import report


def strictly(text: str) -> object:
    """Read JSON, and refuse the three words that Python adds to it."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_leave_valid_json(value: float) -> None:
    metric = MetricResult(
        metric_name="m",
        score=value,
        per_invocation_scores=[value],
        details={"args": {"depth": value}},
        explanation={"threshold": value},
    )
    trace = TraceResult(trace_id="t", metric_results=[metric])

    document = strictly(report(RunResult(trace_results=[trace]), "json"))

    assert isinstance(document, dict)
    assert document["errors"] == []


def test_the_document_is_ascii_with_two_spaces_an_indent() -> None:
    trace = TraceResult(trace_id="träce \ud800")

    text = report(RunResult(trace_results=[trace]), "json")

    assert text.isascii()
    assert text.startswith('{\n  "traces": [\n    {\n      "trace_id": "tr\\u00e4ce')


def test_the_threshold_is_null_where_none_is_known() -> None:
    metric = MetricResult(metric_name="m", error="broken")
    trace = TraceResult(trace_id="t", metric_results=[metric])

    document = json.loads(report(RunResult(trace_results=[trace]), "json"))

    assert document["traces"][0]["metrics"][0]["threshold"] is None


def test_the_document_tells_what_a_comparison_needs() -> None:
    trace = TraceResult(trace_id="t", eval_case_id="greeting")
    result = RunResult(trace_results=[trace], eval_set_digest="abc")

    document = json.loads(report(result, "json"))

    assert document["eval_set_digest"] == "abc"
    assert document["traces"][0]["eval_case_id"] == "greeting"
