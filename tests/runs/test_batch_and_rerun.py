"""Many runs at once, and the runs of before once more."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from runs.models import Run
from tests.runs.asking import faults, post, post_json
from tests.runs.building import TRACE, make_run, new_id, submission_body

pytestmark = [pytest.mark.durable, pytest.mark.django_db]


def batch_of(*bodies: bytes) -> dict[str, Any]:
    """Return the body of a batch."""
    return {"runs": [json.loads(body) for body in bodies]}


def test_a_batch_answers_each_run_on_its_own(client: Client) -> None:
    known = new_id()
    post(client, submission_body(runId=known))
    batch = batch_of(
        submission_body(),
        submission_body(runId=known),
        submission_body(runId=known, spec={"context": {"other": True}}),
        submission_body(runId="no-uuid"),
    )

    response = post_json(client, "/api/runs/batch", batch)

    answers = response.json()["data"]
    assert response.status_code == 202
    assert [answer["outcome"] for answer in answers] == [
        "created",
        "existing",
        "conflict",
        "invalid",
    ]
    assert answers[3]["detail"][0]["loc"] == ["body", "runs", 3, "runId"]
    assert Run.objects.count() == 2


def test_an_id_that_comes_twice_in_a_batch_is_one_run(client: Client) -> None:
    run_id = new_id()
    batch = batch_of(
        submission_body(runId=run_id),
        submission_body(runId=run_id),
        submission_body(runId=run_id, spec={"context": {"a": 1}}),
    )

    answers = post_json(client, "/api/runs/batch", batch).json()["data"]

    assert [a["outcome"] for a in answers] == ["created", "existing", "conflict"]


def test_a_batch_is_stored_with_one_insert(
    client: Client, django_assert_max_num_queries: Any
) -> None:
    batch = batch_of(*[submission_body(labels={"project": "p"})] * 100)

    with django_assert_max_num_queries(12):
        response = post_json(client, "/api/runs/batch", batch)

    assert {a["outcome"] for a in response.json()["data"]} == {"created"}
    ids = [answer["runId"] for answer in response.json()["data"]]
    due = Run.objects.due().values_list("pk", flat=True)
    assert [str(pk) for pk in due] == ids


@pytest.mark.parametrize(
    "body", [{}, {"runs": []}, {"runs": [{}] * 1001}, {"runs": 5}, []]
)
def test_a_body_that_is_no_batch_is_refused(client: Client, body: Any) -> None:
    assert faults(post_json(client, "/api/runs/batch", body))[0][0] == "body"
    assert not Run.objects.exists()


def test_a_rerun_is_a_new_run_of_the_stored_trace(client: Client) -> None:
    run = make_run(name="before", labels={"project": "p"})
    changes = {"evalConfig": {"metrics": ["response_match_score"]}, "name": "after"}

    response = post_json(client, f"/api/runs/{run.pk}/rerun", changes)

    data = response.json()["data"]
    assert response.status_code == 202
    assert data["runId"] != str(run.pk)
    assert data["name"] == "after"
    assert data["labels"] == {"project": "p"}
    assert data["spec"]["evalConfig"] == changes["evalConfig"]
    assert data["spec"]["target"]["inline"] == TRACE


def test_a_rerun_without_a_body_changes_nothing(client: Client) -> None:
    run = make_run(name="same")

    data = client.post(
        f"/api/runs/{run.pk}/rerun", content_type="application/json"
    ).json()["data"]

    assert (data["name"], data["status"]) == ("same", "queued")


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"evalConfig": {"metrics": ["nope"]}}, ["body", "evalConfig"]),
        ({"evalSet": {"x": 1}}, ["body", "evalSet"]),
        ({"target": {}}, ["body", "target"]),
        ({"runId": "x"}, ["body", "runId"]),
    ],
)
def test_a_bad_rerun_is_refused_with_its_place(
    client: Client, body: Any, loc: list[str]
) -> None:
    run = make_run()

    places = faults(post_json(client, f"/api/runs/{run.pk}/rerun", body))

    assert places[0][:2] == loc
    assert Run.objects.count() == 1


def test_a_rerun_with_an_id_can_be_sent_twice(client: Client) -> None:
    run = make_run()
    body = {"runId": new_id()}

    first = post_json(client, f"/api/runs/{run.pk}/rerun", body)
    second = post_json(client, f"/api/runs/{run.pk}/rerun", body)

    assert first.json()["data"]["runId"] == second.json()["data"]["runId"]
    assert second["Idempotent-Replay"] == "true"


def test_a_bad_character_in_a_batch_costs_its_own_run(client: Client) -> None:
    batch = batch_of(submission_body(), submission_body(name="a\0"))

    answers = post_json(client, "/api/runs/batch", batch).json()["data"]

    assert [answer["outcome"] for answer in answers] == ["created", "invalid"]
