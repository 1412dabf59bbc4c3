"""A run that has ended can be tried again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from evaluation.outcome import MetricResult
from results.models import Result
from results.recording import as_row, save
from runs import queue
from runs.models import Run, RunStatus
from tests.results.executing import work_off
from tests.runs.building import claim_one, event_kinds, fresh, make_run

pytestmark = [pytest.mark.durable, pytest.mark.django_db]

# One trace of one turn that is errored by a metric which needs a judge.
OTLP = {
    "resourceSpans": [
        {
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "0af7651916cd43dd8448eb211c80319c",
                            "spanId": "b7ad6b7169203331",
                            "name": "chat",
                            "startTimeUnixNano": "1700000000000000000",
                            "endTimeUnixNano": "1700000001000000000",
                            "attributes": [
                                {
                                    "key": "gen_ai.operation.name",
                                    "value": {"stringValue": "chat"},
                                },
                                {
                                    "key": "gen_ai.request.model",
                                    "value": {"stringValue": "m"},
                                },
                                {
                                    "key": "gen_ai.input.messages",
                                    "value": {
                                        "stringValue": '[{"role": "user", "content": "hi"}]'
                                    },
                                },
                                {
                                    "key": "gen_ai.output.messages",
                                    "value": {
                                        "stringValue": '[{"role": "assistant", "content": "ho"}]'
                                    },
                                },
                            ],
                        }
                    ]
                }
            ]
        }
    ]
}
SPEC = {
    "target": {"kind": "inline", "inline": OTLP},
    "evalConfig": {"metrics": ["tool_error_rate", "tool_call_count_v1", "safety_v1"]},
}


@pytest.fixture
def ended(db: None) -> Run:
    """Return a run of three units, one of them errored."""
    make_run(spec=SPEC)
    (run,) = work_off()
    assert run.summary["result_counts"]["errored"] == 1
    return run


def retry(client: Client, run: Run, **body: Any) -> Any:
    """Ask for another attempt."""
    return client.post(
        f"/api/runs/{run.pk}/retry", json.dumps(body), content_type="application/json"
    )


def test_a_retry_is_the_next_attempt_of_the_same_run(
    client: Client, ended: Run
) -> None:
    response = retry(client, ended)

    data = response.json()["data"]
    assert response.status_code == 202
    assert (data["runId"], data["status"]) == (str(ended.pk), "queued")
    assert data["spec"]["target"]["inline"] == OTLP
    assert (data["summary"], data["finishedAt"], data["error"]) == (None, None, None)
    (run,) = work_off()
    assert (run.pk, run.attempt, run.status) == (ended.pk, 2, "succeeded")
    kinds = [kind for kind in event_kinds(run) if kind != "progress"]
    assert kinds[-3:] == ["reopened", "claimed", "succeeded"]


@pytest.mark.parametrize(
    ("units", "evaluated"),
    [("errored", {"safety_v1"}), ("all", set(SPEC["evalConfig"]["metrics"]))],
)
def test_only_the_named_units_are_evaluated_again(
    client: Client, ended: Run, units: str, evaluated: set[str]
) -> None:
    retry(client, ended, units=units)

    (run,) = work_off()

    second = Result.objects.filter(run=run, attempt=2)
    assert set(second.values_list("evaluator_name", flat=True)) == evaluated
    assert run.results.count() == 3


def test_the_summary_counts_what_earlier_attempts_found(
    client: Client, ended: Run
) -> None:
    retry(client, ended)

    (run,) = work_off()

    assert run.summary["result_counts"] == ended.summary["result_counts"]
    assert run.summary["per_metric"] == ended.summary["per_metric"]
    assert run.summary["verdict"] == ended.summary["verdict"] == "errored"


def test_a_lost_attempt_is_resumed_not_repeated(db: None) -> None:
    make_run(spec=SPEC)
    first = claim_one()
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    kept = MetricResult(metric_name="tool_error_rate", score=0.25, eval_status="PASSED")
    save([as_row(first, trace_id, kept)])
    Run.objects.update(lease_expires_at=first.created_at)
    queue.sweep()

    (run,) = work_off()

    assert run.attempt == 2
    assert run.results.get(evaluator_name="tool_error_rate").score == 0.25
    assert run.summary["result_counts"]["passed"] >= 1
    assert sum(run.summary["result_counts"].values()) == 3


def test_a_run_that_has_not_ended_is_not_tried_again(client: Client) -> None:
    run = make_run(spec=SPEC)

    response = retry(client, run)

    assert response.status_code == 409
    assert response.json()["code"] == "run_not_ended"
    assert fresh(run).status == RunStatus.QUEUED


def test_a_cancelled_run_can_be_tried_again(client: Client) -> None:
    run = make_run(spec=SPEC)
    queue.cancel(run.pk)

    retry(client, run)
    (again,) = work_off()

    assert (again.status, again.cancel_requested) == ("succeeded", False)


def test_unknown_units_are_refused(client: Client, ended: Run) -> None:
    assert retry(client, ended, units="some").status_code == 422


def test_a_field_that_a_retry_does_not_have_is_refused(
    client: Client, ended: Run
) -> None:
    response = retry(client, ended, unit="all")

    assert response.status_code == 422
    assert response.json()["title"] == "unit: is no field of a retry; remove it"
    assert fresh(ended).is_terminal
