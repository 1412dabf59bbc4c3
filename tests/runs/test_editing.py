"""A run can be called otherwise afterwards; what it is stays."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from runs import queue
from runs.models import Run
from tests.runs.asking import faults
from tests.runs.building import TRACE, claim_one, event_kinds, fresh, make_run, new_id

pytestmark = [pytest.mark.durable, pytest.mark.django_db]


def patch(client: Client, run_id: object, body: Any) -> Any:
    text = body if isinstance(body, bytes) else json.dumps(body)
    return client.patch(f"/api/runs/{run_id}", text, content_type="application/json")


@pytest.fixture
def named(db: None) -> Run:
    return make_run(name="old", labels={"team": "red", "env": "ci"})


@pytest.mark.parametrize(
    ("body", "name", "labels"),
    [
        ({}, "old", {"team": "red", "env": "ci"}),
        ({"name": "new"}, "new", {"team": "red", "env": "ci"}),
        ({"name": None}, "", {"team": "red", "env": "ci"}),
        ({"labels": {}}, "old", {"team": "red", "env": "ci"}),
        ({"labels": {"team": None, "x": ""}}, "old", {"env": "ci", "x": ""}),
        ({"labels": {"absent": None}}, "old", {"team": "red", "env": "ci"}),
        ({"labels": None}, "old", {}),
        ({"name": "n", "labels": {"env": "prod"}}, "n", {"team": "red", "env": "prod"}),
    ],
    ids=lambda value: json.dumps(value),
)
def test_an_edit_is_a_merge_patch(
    client: Client, named: Run, body: Any, name: str, labels: dict[str, str]
) -> None:
    answer = patch(client, named.pk, body)

    assert answer.status_code == 200
    data = answer.json()["data"]
    assert (data["name"], data["labels"]) == (name, labels)
    assert data == client.get(f"/api/runs/{named.pk}").json()["data"]
    assert data["spec"]["target"]["inline"] == TRACE
    assert (fresh(named).name, fresh(named).labels) == (name, labels)


def test_an_edit_changes_neither_the_turn_nor_the_state(client: Client) -> None:
    run = make_run(labels={"project": "a"})
    before = fresh(run)

    patch(client, run.pk, {"labels": {"project": "b"}})

    after = fresh(run)
    assert after.labels == {"project": "b"}
    assert (after.project, after.fair_key) == ("a", before.fair_key)
    assert (after.fingerprint, after.spec) == (before.fingerprint, before.spec)
    assert event_kinds(run) == ["queued"]


def test_a_run_can_be_edited_in_every_state(client: Client, named: Run) -> None:
    running = claim_one()

    assert patch(client, running.pk, {"name": "while it runs"}).status_code == 200
    assert queue.heartbeat([running.lease], lease=queue.timedelta(seconds=9))
    ended = make_run()
    queue.cancel(ended.pk)
    assert patch(client, ended.pk, {"name": "afterwards"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        (b"", ["body"]),
        (b"[]", ["body"]),
        ({"name": 5}, ["body", "name"]),
        ({"name": "x" * 201}, ["body", "name"]),
        ({"name": "\0"}, ["body", "name"]),
        ({"labels": {"a": 1}}, ["body", "labels"]),
        ({"labels": {"a\0": "b"}}, ["body", "labels"]),
        ({"labels": {"k" * 201: "b"}}, ["body", "labels"]),
        ({"labels": {str(n): "x" for n in range(100)}}, ["body", "labels"]),
        ({"priority": 5}, ["body", "priority"]),
        ({"status": "succeeded"}, ["body", "status"]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_edit_is_refused_and_changes_nothing(
    client: Client, named: Run, body: Any, loc: list[str]
) -> None:
    assert loc in faults(patch(client, named.pk, body))
    assert (fresh(named).name, fresh(named).labels["team"]) == ("old", "red")


def test_an_unknown_run_cannot_be_edited(client: Client) -> None:
    assert patch(client, new_id(), {}).status_code == 404
    assert faults(patch(client, "xyz", {})) == [["path", "run_id"]]
