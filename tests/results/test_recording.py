"""What was found becomes rows, a summary and an ending."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from evaluation.outcome import MetricResult
from results.models import Result, result_id
from results.recording import EvaluationExecutor, as_row, save, storable
from runs import queue
from runs.models import Run
from tests.results.executing import evaluate, work_off
from tests.runs.building import claim_one, let_lease_expire, make_run

pytestmark = [pytest.mark.durable, pytest.mark.django_db]


@pytest.fixture
def spec(samples: Path) -> dict[str, Any]:
    """Return the specification of a run that passes."""
    return {
        "target": {
            "kind": "inline",
            "inline": json.loads((samples / "helm.json").read_text()),
        },
        "evalSet": json.loads((samples / "eval_set_helm.json").read_text()),
        "evalConfig": {"metrics": ["tool_trajectory_avg_score"]},
    }


def test_a_passing_trace_ends_succeeded_with_its_result(spec: dict[str, Any]) -> None:
    make_run(spec=spec)

    (run,) = work_off()

    assert (run.status, run.attempt, run.error) == ("succeeded", 1, None)
    assert run.summary["verdict"] == "passed"
    assert run.summary["result_counts"] == {
        "passed": 1,
        "failed": 0,
        "errored": 0,
        "skipped": 0,
    }
    result = run.results.get()
    assert (result.status, result.score, result.attempt) == ("passed", 1.0, 1)
    assert result.per_invocation_scores == [1.0]
    assert result.details["comparisons"][0]["matched"] is True
    assert result.explanation["threshold"] == 0.5


def test_a_failing_trace_ends_succeeded_with_the_verdict_failed(
    spec: dict[str, Any], samples: Path
) -> None:
    spec["target"]["inline"] = json.loads((samples / "k8s.json").read_text())
    make_run(spec=spec)

    (run,) = work_off()

    assert (run.status, run.summary["verdict"]) == ("succeeded", "failed")
    assert run.results.get().status == "failed"


def test_a_run_without_a_single_trace_is_failed() -> None:
    make_run()

    (run,) = work_off()

    assert (run.status, run.error_code) == ("failed", "evaluation_incomplete")
    assert run.error.endswith("No traces loaded.")
    assert run.summary["verdict"] == "errored"


def test_a_metric_that_cannot_be_evaluated_is_errored_never_passed(
    spec: dict[str, Any],
) -> None:
    spec["evalConfig"] = {"metrics": ["tool_trajectory_avg_score", "safety_v1"]}
    make_run(spec=spec)

    (run,) = work_off()

    assert run.summary["verdict"] == "errored"
    errored = run.results.get(evaluator_name="safety_v1")
    assert (errored.status, errored.score) == ("errored", None)
    assert errored.error_text


@pytest.mark.parametrize(
    ("run_id", "item", "evaluator", "expected"),
    [
        (
            "3F2504E0-4F89-41D3-9A0C-0305E82C3301",
            "trace-abc",
            "tool_trajectory_avg_score",
            "e854e716301fe93df9a56be965d92647b38ab8f0ac855c6e4ce1703e705ebbf7",
        ),
        (
            "895d0a0d-8485-4e57-a85b-64f8a5c74644",
            "3e289017fe03ffd7c4145316d2eb3d0d",
            "response_match_score",
            "80963b2bf1272c04c65d33c4b60546e33e45eaaee915273ef41882346a8768f1",
        ),
    ],
    ids=["upper case", "lower case"],
)
def test_result_ids_follow_the_contract(
    run_id: str, item: str, evaluator: str, expected: str
) -> None:
    assert result_id(UUID(run_id), item, evaluator) == expected


def test_a_later_attempt_writes_over_the_earlier(spec: dict[str, Any]) -> None:
    make_run(spec=spec)
    first = claim_one()
    save([as_row(first, "t", MetricResult(metric_name="m", score=0.1))])
    let_lease_expire(first)
    queue.sweep()
    second = claim_one()

    save([as_row(second, "t", MetricResult(metric_name="m", score=0.9))])

    stored = Result.objects.get()
    assert (stored.score, stored.attempt) == (0.9, 2)


@pytest.mark.parametrize(
    ("duration_ms", "stored"), [(42.7, 42), (None, None)], ids=["cut", "unknown"]
)
def test_latency_is_cut_to_whole_milliseconds(
    duration_ms: float | None, stored: int | None
) -> None:
    run = make_run()

    row = as_row(run, "t", MetricResult(metric_name="m", duration_ms=duration_ms))

    assert row.latency_ms == stored


def test_null_scores_keep_their_places() -> None:
    run = make_run()
    scores = [1.0, None, 0.0]

    save(
        [as_row(run, "t", MetricResult(metric_name="m", per_invocation_scores=scores))]
    )

    assert Result.objects.get().per_invocation_scores == scores


def test_a_nul_character_of_a_trace_does_not_cost_the_result() -> None:
    run = make_run()
    details = {"args\0": ["a\0b", {"c": "\0"}]}

    save([as_row(run, "t", MetricResult(metric_name="m", details=details))])

    assert Result.objects.get().details == storable(details)
    assert "\0" not in json.dumps(storable(details), ensure_ascii=False)


def test_documents_of_runs_that_start_together_are_read_at_once(
    spec: dict[str, Any], django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        make_run(spec=spec)
    runs = list(Run.objects.all())
    executor = EvaluationExecutor()

    with django_assert_num_queries(1):
        executor.load(runs)
        jobs = [executor.job(run) for run in runs]

    assert [len(job) for job in jobs] == [2, 2, 2]


def test_an_evaluator_gets_the_stored_bytes(spec: dict[str, Any]) -> None:
    run = make_run(spec=spec)

    job = EvaluationExecutor().job(run)

    stored = Run.objects.get().inputs.get().document
    assert job[1].body == bytes(stored.content)
    assert [frame.kind.name for frame in evaluate(job)] == ["PROGRESS", "DONE"]


def test_a_later_attempt_with_run_errors_is_no_pass() -> None:
    make_run()
    run = claim_one()
    passed = MetricResult(metric_name="m", score=1.0, eval_status="PASSED")
    save([as_row(run, "t", passed)])
    let_lease_expire(run)
    queue.sweep()

    (ended,) = work_off()

    assert (ended.attempt, ended.status) == (2, "failed")
    assert ended.summary["verdict"] == "errored"


def test_a_nul_character_in_a_trace_id_does_not_cost_the_result() -> None:
    run = make_run()

    save([as_row(run, "a\0b", MetricResult(metric_name="m"))])

    assert Result.objects.get().trace_id == "a\N{REPLACEMENT CHARACTER}b"
