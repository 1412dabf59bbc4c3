from __future__ import annotations

import subprocess
import sys

import pytest

from evaluation.metrics.metric import Metric
from evaluation.metrics.options import OPTIONS
from evaluation.metrics.registry import METRICS, describe

CONTRACT_ORDER = [
    "tool_trajectory_avg_score",
    "response_evaluation_score",
    "response_match_score",
    "safety_v1",
    "multi_turn_task_success_v1",
    "multi_turn_trajectory_quality_v1",
    "multi_turn_tool_use_quality_v1",
    "final_response_match_v2",
    "rubric_based_final_response_quality_v1",
    "hallucinations_v1",
    "rubric_based_tool_use_quality_v1",
    "rubric_based_multi_turn_trajectory_quality_v1",
    "tool_call_count_v1",
    "inference_call_count_v1",
    "token_usage_v1",
    "invocation_duration_v1",
]


def test_the_contracts_metrics_come_first_and_in_its_order() -> None:
    names = [metric["name"] for metric in describe()]

    assert names[: len(CONTRACT_ORDER)] == CONTRACT_ORDER
    assert "per_turn_user_simulator_quality_v1" not in names
    assert "per_turn_user_simulator_quality_v1" in METRICS


def test_a_description_has_the_contracts_keys_in_its_order() -> None:
    described = dict(list(describe()[0].items())[:8])

    assert list(described) == [
        "name",
        "category",
        "requiresEvalSet",
        "requiresLLM",
        "requiresGCP",
        "requiresRubrics",
        "description",
        "working",
    ]
    assert described == {
        "name": "tool_trajectory_avg_score",
        "category": "trajectory",
        "requiresEvalSet": True,
        "requiresLLM": False,
        "requiresGCP": False,
        "requiresRubrics": False,
        "description": "Share of turns whose tool calls match the golden calls.",
        "working": True,
    }


def test_a_description_says_how_to_ask_for_the_metric() -> None:
    contains = METRICS["contains"].describe()

    assert contains["options"] == [
        {
            "name": "texts",
            "required": True,
            "description": "texts that the answer must contain",
        },
        {"name": "ignoreCase", "required": False, "description": "case does not count"},
    ]
    assert (contains["direction"], contains["defaultThreshold"]) == ("higher", 1.0)
    assert contains["range"] == {"min": 0.0, "max": 1.0}


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_description_says_why_a_metric_is_of_no_use_here(metric: Metric) -> None:
    described = metric.describe()

    assert described["usable"] is (described["unusableReason"] is None)
    if not described["usable"]:
        assert described["unusableReason"]["code"]
        assert "{" not in described["unusableReason"]["text"]


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("response_match_score", "evalset"),
        ("response_evaluation_score", "evalset gcp"),
        ("final_response_match_v2", "evalset llm"),
        ("hallucinations_v1", "llm"),
        ("safety_v1", "gcp"),
        ("rubric_based_final_response_quality_v1", "llm rubrics"),
        ("rubric_based_tool_use_quality_v1", "llm rubrics"),
        ("rubric_based_multi_turn_trajectory_quality_v1", "llm rubrics"),
        ("multi_turn_task_success_v1", "gcp"),
        ("tool_call_count_v1", ""),
    ],
)
def test_flags_say_what_a_metric_needs(name: str, flags: str) -> None:
    metric = METRICS[name]

    found = {
        "evalset": metric.requires_eval_set,
        "llm": metric.requires_llm,
        "gcp": metric.requires_gcp,
        "rubrics": metric.requires_rubrics,
    }

    assert [flag for flag, is_set in found.items() if is_set] == flags.split()


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_a_metric_can_measure_or_says_why_not(metric: Metric) -> None:
    if metric.lack:
        assert metric.lack.text.format(name=metric.name)
        assert metric.requires_llm or metric.requires_gcp
    else:
        assert callable(metric.load())


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_options_of_metrics_are_known(metric: Metric) -> None:
    assert set(metric.required_options) <= set(metric.options) <= set(OPTIONS)


def test_knowing_all_metrics_imports_none() -> None:
    script = (
        "import sys, evaluation.metrics.registry;"
        "print([m for m in sys.modules if m.startswith('evaluation.metrics.builtin')])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
