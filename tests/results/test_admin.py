"""What people see of runs and results in the admin."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.test import Client

from results.models import Result
from runs.models import Run, StoredEvaluator
from tests.results.executing import work_off
from tests.runs.building import make_run


@pytest.fixture
def run(db: None, samples: Path) -> Run:
    """Return a run that ended, with a result that passed and one that is errored."""
    spec = {
        "target": {
            "kind": "inline",
            "inline": json.loads((samples / "helm.json").read_text()),
        },
        "evalSet": json.loads((samples / "eval_set_helm.json").read_text()),
        "evalConfig": {"metrics": ["response_match_score", "safety_v1"]},
    }
    make_run(spec=spec)
    (ended,) = work_off()
    return ended


def shown(client: Client, path: str) -> str:
    """Return the text of a page, without its tags."""
    response = client.get(path)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_timeline_tells_results_in_words(admin_client: Client, run: Run) -> None:
    errored = Result.objects.get(status="errored")

    page = shown(admin_client, f"/admin/runs/run/{run.pk}/change/")

    assert "passed response_match_score 0.8081" in page
    assert f"errored safety_v1 ({errored.error_code})" in page
    assert "result_id" not in page


def test_times_have_seconds_and_a_zone(admin_client: Client, run: Run) -> None:
    moment = f"{run.created_at:%Y-%m-%d %H:%M:%S} UTC"

    for path in ("/admin/runs/run/", "/admin/results/result/"):
        assert moment[:10] in shown(admin_client, path)
    assert moment in shown(admin_client, f"/admin/runs/run/{run.pk}/change/")


def test_a_row_of_results_is_short_and_leads_to_its_run(
    admin_client: Client, run: Run
) -> None:
    result = Result.objects.get(evaluator_name="response_match_score")

    page = admin_client.get("/admin/results/result/").content.decode()

    assert f'href="/admin/runs/run/{run.pk}/change/"' in page
    assert f'title="{result.trace_id}"' in page
    assert f">{result.trace_id}<" not in page
    assert ">0.8081<" in page


def test_an_evaluator_is_edited_as_indented_json(admin_client: Client) -> None:
    config = {"metric": "response_match_score", "threshold": 0.7}
    StoredEvaluator.objects.create(name="words", type="builtin", config=config)

    response = admin_client.get("/admin/runs/storedevaluator/words/change/")

    field = response.context["adminform"].form["config"]
    assert field.value() == json.dumps(config, indent=2)


def test_a_new_evaluator_begins_with_an_empty_object(admin_client: Client) -> None:
    response = admin_client.get("/admin/runs/storedevaluator/add/")

    assert ">\n{}</textarea>" in response.content.decode()


def test_what_was_typed_wrongly_stays_as_it_was_typed(admin_client: Client) -> None:
    entry = {"name": "mine", "type": "builtin", "config": "{oops"}

    response = admin_client.post("/admin/runs/storedevaluator/add/", entry)

    assert response.context["adminform"].form["config"].value() == "{oops"
