"""Deliveries over HTTP, and secrets that nobody reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from results.delivery.deliverer import settle
from results.delivery.outcome import DELIVERED, Outcome
from tests.results.delivery.building import (
    STDOUT,
    claim,
    done,
    record,
    run_with,
    unit,
)
from tests.runs.building import claim_one, new_id, submission_body
from tests.runs.test_sinks import HOOK

pytestmark = [pytest.mark.durable, pytest.mark.django_db]
SECRET = "hunter2"


def test_the_deliveries_of_a_run_are_listed_in_order(client: Client) -> None:
    run_with(STDOUT)
    run = claim_one()
    record(run, unit("first"), done())
    (delivery,) = claim()
    settle(delivery, Outcome(error="HTTP 503", transient=True))

    response = client.get(f"/api/runs/{run.pk}/deliveries")

    assert response.status_code == 200
    first, second = response.json()["data"]
    assert (first["sequence"], first["phase"], first["state"]) == (
        1,
        "partial",
        "pending",
    )
    assert (first["attempts"], first["lastError"]) == (1, "HTTP 503")
    assert first["nextTryAt"] is not None
    assert (second["phase"], second["attempts"]) == ("final", 0)


def test_a_delivery_that_ended_is_not_tried_again(client: Client) -> None:
    run_with(STDOUT)
    run = claim_one()
    record(run, done())
    settle(claim()[0], DELIVERED)

    (row,) = client.get(f"/api/runs/{run.pk}/deliveries/").json()["data"]

    assert (row["state"], row["nextTryAt"], row["lastError"]) == (
        "delivered",
        None,
        None,
    )
    assert row["settledAt"] is not None


def test_the_deliveries_of_an_unknown_run_are_404(client: Client) -> None:
    assert client.get(f"/api/runs/{uuid4()}/deliveries").status_code == 404


def secret_submission(run_id: str, **target: Any) -> bytes:
    hook = {
        **HOOK,
        "url": f"https://example.com/{SECRET}",
        "headers": {"Authorization": SECRET},
    }
    return submission_body(
        runId=run_id,
        spec={"sinks": [hook], "context": {"headers": {"X": SECRET}}},
        **target,
    )


def test_no_answer_holds_a_secret(client: Client) -> None:
    run_id = new_id()

    def submit(**fields: Any) -> Any:
        body = secret_submission(run_id, **fields)
        return client.post("/api/runs", body, content_type="application/json")

    answers = [submit(), submit(), client.get("/api/runs")]
    answers += [client.get(f"/api/runs/{run_id}")]
    other = submission_body(runId=run_id)
    answers.append(client.post("/api/runs", other, content_type="application/json"))
    answers.append(client.post(f"/api/runs/{run_id}/cancel"))

    assert [a.status_code for a in answers] == [202, 202, 200, 200, 409, 200]
    assert not any(SECRET in answer.content.decode() for answer in answers)
    assert answers[1]["Idempotent-Replay"] == "true"


@pytest.mark.parametrize(
    "sink",
    [
        {"kind": "file", "path": "x"},
        {**HOOK, "url": "http://169.254.169.254/"},
        {**HOOK, "headers_from_env": {"X": "AGENTEVALS_SECRET_KEY"}},
    ],
    ids=["file", "metadata service", "variable"],
)
def test_what_may_not_be_delivered_is_a_422(
    client: Client, sink: dict[str, Any]
) -> None:
    response = client.post(
        "/api/runs",
        submission_body(spec={"sinks": [sink]}),
        content_type="application/json",
    )

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][:4] == ["body", "spec", "sinks", 0]


def test_a_file_below_the_folder_is_accepted(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.SINK_DIR = tmp_path

    response = client.post(
        "/api/runs",
        submission_body(spec={"sinks": [{"kind": "file", "path": "x"}]}),
        content_type="application/json",
    )

    assert response.status_code == 202
