from __future__ import annotations

import json
import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.rendering import finite, to_api, to_cli_json
from evaluation.values import JSON

DETAILS = {
    "comparisons": [{"invocation_id": "i", "actual": [{"args": {"user_id": 1}}]}]
}
RESULT = MetricResult(
    metric_name="m",
    score=0.5,
    eval_status="PASSED",
    per_invocation_scores=[0.5, None],
    details=DETAILS,
    duration_ms=1.5,
    explanation={"case_id": "c"},
)
RUN = RunResult(
    trace_results=[
        TraceResult(
            trace_id="t",
            num_invocations=2,
            metric_results=[RESULT, MetricResult(metric_name="n", error="no")],
            conversion_warnings=["careful"],
            performance_metrics={"latency": {"llm_calls": {}}},
            agent_name="a",
        )
    ],
    errors=["lost"],
    performance_metrics={"trace_count": 1},
)


def test_the_api_form_has_the_contracts_keys_then_ours() -> None:
    document = to_api(RUN)

    trace = document["traceResults"][0]
    assert list(document) == ["traceResults", "errors", "performanceMetrics", "runId"]
    assert list(trace)[:5] == [
        "traceId",
        "numInvocations",
        "metricResults",
        "conversionWarnings",
        "performanceMetrics",
    ]
    assert list(trace["metricResults"][0])[:7] == [
        "metricName",
        "score",
        "evalStatus",
        "perInvocationScores",
        "error",
        "details",
        "durationMs",
    ]
    assert document["runId"] is None
    assert trace["metricResults"][1]["details"] is None


def test_comparisons_have_the_contracts_key_and_arguments_their_own() -> None:
    trace = to_api(RUN)["traceResults"][0]

    assert trace["metricResults"][0]["details"] == {
        "comparisons": [{"invocationId": "i", "actual": [{"args": {"user_id": 1}}]}]
    }


def test_details_of_somebodys_evaluator_are_never_renamed() -> None:
    theirs = msgspec.structs.replace(RESULT, evaluator_type="code")
    trace = TraceResult(trace_id="t", metric_results=[theirs])

    document = to_api(RunResult(trace_results=[trace]))

    (shown,) = document["traceResults"][0]["metricResults"]
    assert shown["details"] == DETAILS


def test_performance_numbers_have_the_contracts_keys() -> None:
    document = to_api(RUN)

    assert document["performanceMetrics"] == {"traceCount": 1}
    (trace,) = document["traceResults"]
    assert trace["performanceMetrics"] == {"latency": {"llmCalls": {}}}


def test_the_command_form_leaves_out_what_is_not_there() -> None:
    document = to_cli_json(RUN)

    trace = document["traces"][0]
    assert list(document) == ["traces", "errors", "performance_metrics"]
    assert list(trace) == [
        "trace_id",
        "num_invocations",
        "conversion_warnings",
        "metrics",
        "performance_metrics",
    ]
    assert list(trace["metrics"][0]) == [
        "metric_name",
        "score",
        "eval_status",
        "per_invocation_scores",
        "duration_ms",
        "error",
        "details",
        "explanation",
    ]
    assert "details" not in trace["metrics"][1]
    assert "performance_metrics" not in to_cli_json(RunResult())


def test_numbers_that_json_lacks_become_texts() -> None:
    value = {"a": [math.nan, math.inf, {"b": -math.inf}], "c": 2**70, "é": 1.5}

    assert finite(value) == {
        "a": ["NaN", "Infinity", {"b": "-Infinity"}],
        "c": 2**70,
        "é": 1.5,
    }


def test_deep_values_are_copied_without_recursion() -> None:
    deep: JSON = math.nan
    for _ in range(100_000):
        deep = [deep]

    copied = finite(deep)

    for _ in range(100_000):
        copied = copied[0]
    assert copied == "NaN"


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_every_value_becomes_strict_json(value: JSON) -> None:
    copied = finite(value)

    assert json.loads(json.dumps(copied, allow_nan=False)) == copied
