from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from runs.models import Run, StoredEvaluator
from tests.runs.asking import faults, post
from tests.runs.building import submission_body

pytestmark = pytest.mark.durable
PATH = "/api/evaluators/tone"
TONE = {
    "type": "builtin",
    "metric": "llm_judge",
    "instructions": "Is it friendly?",
    "judge_model": "ollama/small",
}


def put(client: Client, entry: Any, path: str = PATH) -> Any:
    return client.put(path, json.dumps(entry), content_type="application/json")


def submitted(client: Client, config: Any, **fields: Any) -> Any:
    return post(client, submission_body(spec={"evalConfig": config}, **fields))


def entries(response: Any) -> Any:
    assert response.status_code == 202, response.content
    run = Run.objects.get(pk=response.json()["data"]["runId"])
    return run.spec["eval_config"]["evaluators"]


def listed(client: Client) -> dict[str, Any]:
    data = client.get("/api/evaluators").json()["data"]
    return {each["name"]: each for each in data}


@pytest.fixture
def no_keys(settings: Any) -> None:
    settings.JUDGE_ENVIRONMENT = {}
    settings.JUDGE_KEYS = {}


def test_an_evaluator_is_set_up_shown_changed_and_removed(
    db: None, client: Client
) -> None:
    assert put(client, TONE).status_code == 201
    assert put(client, {**TONE, "threshold": 0.9}).status_code == 200

    shown = client.get(PATH).json()["data"]
    assert (shown["name"], shown["type"]) == ("tone", "builtin")
    assert shown["config"]["threshold"] == 0.9
    assert "tone" in listed(client)
    assert client.delete(PATH).status_code == 204
    assert client.get(PATH).status_code == 404
    assert client.delete(PATH).json()["code"] == "evaluator_not_found"


def test_a_run_takes_a_copy_that_later_changes_do_not_reach(
    db: None, client: Client
) -> None:
    put(client, TONE)
    response = submitted(client, {"evaluators": [{"ref": "tone", "threshold": 0.7}]})

    put(client, {**TONE, "instructions": "Is it short?"})

    assert entries(response) == [{"name": "tone", **TONE, "threshold": 0.7}]


def test_one_evaluator_can_stand_under_several_names(db: None, client: Client) -> None:
    put(client, TONE)

    response = submitted(
        client, {"evaluators": [{"ref": "tone"}, {"ref": "tone", "name": "strict"}]}
    )

    assert [each["name"] for each in entries(response)] == ["tone", "strict"]
    assert response.json()["data"]["spec"]["evalConfig"]["evaluators"][1]["metric"]


def test_a_rerun_can_refer_to_an_evaluator_too(db: None, client: Client) -> None:
    put(client, TONE)
    run_id = submitted(client, {}).json()["data"]["runId"]

    response = client.post(
        f"/api/runs/{run_id}/rerun",
        json.dumps({"evalConfig": {"evaluators": [{"ref": "tone"}]}}),
        content_type="application/json",
    )

    assert entries(response)[0]["metric"] == "llm_judge"


def test_a_reference_to_nothing_is_refused_with_its_place(
    db: None, client: Client
) -> None:
    response = submitted(client, {"evaluators": [{"ref": "nothing"}]})

    assert faults(response) == [["body", "spec", "evalConfig", "evaluators[0].ref"]]
    assert "'nothing'" in response.json()["detail"][0]["msg"]


@pytest.mark.parametrize(
    ("path", "entry", "says"),
    [
        (PATH, {}, "Field required"),
        (PATH, {"type": "nothing"}, "is no evaluator type"),
        (PATH, {**TONE, "instructions": ""}, "must not be empty"),
        (PATH, {**TONE, "nmae": 1}, "nmae"),
        (PATH, {**TONE, "ref": "other"}, "cannot refer"),
        (PATH, {**TONE, "name": "other"}, "has one already"),
        (PATH, {"type": "code", "path": "mine.py"}, "AGENTEVALS_EVALUATOR_DIR"),
        ("/api/evaluators/exact_match", TONE, "built-in metric"),
        ("/api/evaluators/a%7Cb", TONE, "without '|'"),
        ("/api/evaluators/a%00b", TONE, "control characters"),
        (PATH, [], "valid dictionary"),
    ],
    ids=str,
)
def test_what_no_run_could_use_is_not_stored(
    db: None, client: Client, path: str, entry: Any, says: str
) -> None:
    response = put(client, entry, path)

    assert response.status_code == 422
    assert says in response.json()["detail"][0]["msg"]
    assert not StoredEvaluator.objects.exists()


def test_the_list_says_what_each_needs_and_lacks(
    db: None, client: Client, no_keys: None
) -> None:
    put(client, {**TONE, "judge_model": "gpt-9"})

    found = listed(client)

    assert found["exact_match"]["usable"] is True
    assert found["exact_match"]["needs"] == ["eval_set"]
    assert found["safety_v1"]["unusableReason"]["code"] == "vertex_unavailable"
    assert found["tone"]["needs"] == ["judge"]
    assert found["tone"]["unusableReason"]["code"] == "judge_key_missing"
    assert "OPENAI_API_KEY" in found["tone"]["unusableReason"]["text"]


def test_with_a_key_a_judge_is_usable_and_the_key_is_not_shown(
    db: None, client: Client, settings: Any
) -> None:
    settings.JUDGE_ENVIRONMENT = {"GOOGLE_API_KEY": "secret-key"}

    text = client.get("/api/evaluators").content.decode()
    metrics = client.get("/api/metrics").json()["data"]

    assert "secret-key" not in text
    usable = {each["name"] for each in metrics if each["usable"]}
    assert {"hallucinations_v1", "llm_judge"} <= usable
    assert "safety_v1" not in usable


def test_without_storage_there_are_the_built_in_ones(
    client: Client, settings: Any
) -> None:
    settings.DURABLE = False

    assert "exact_match" in listed(client)
    assert put(client, TONE).status_code == 503
    assert client.get(PATH).status_code == 503


def test_the_admin_refuses_what_the_api_refuses(
    admin_client: Client,
) -> None:
    page = "/admin/runs/storedevaluator/add/"
    wrong = {"name": "tone", "type": "builtin", "config": '{"metric": "llm_judge"}'}

    refused = admin_client.post(page, wrong)
    entry = {key: value for key, value in TONE.items() if key != "type"}
    accepted = admin_client.post(page, {**wrong, "config": json.dumps(entry)})

    assert "instructions" in refused.content.decode()
    assert accepted.status_code == 302
    assert StoredEvaluator.objects.get().entry == {"name": "tone", **TONE}


def test_a_name_with_a_control_character_is_nobodys(db: None, client: Client) -> None:
    path = "/api/evaluators/a%00b"

    assert put(client, TONE, path).status_code == 422
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404


@pytest.mark.parametrize("config", ["[]", '""', "0", "null", ""])
def test_the_admin_takes_no_configuration_but_an_object(
    admin_client: Client, config: str
) -> None:
    entry = {"name": "mine", "type": "builtin", "config": config}

    response = admin_client.post("/admin/runs/storedevaluator/add/", entry)

    assert response.context["adminform"].form.errors["config"]
    assert not StoredEvaluator.objects.exists()
