"""Two runs side by side, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evaluation.outcome import MetricResult
from results.recording import as_row, save
from runs import queue
from runs.models import Run
from tests.results.executing import work_off
from tests.runs.building import make_run, new_id

pytestmark = [pytest.mark.durable, pytest.mark.django_db]
METRICS = ["tool_trajectory_avg_score", "response_match_score"]
Evaluate = Callable[..., Run]


@pytest.fixture
def evaluate(samples: Path) -> Evaluate:
    """Return a function that evaluates a sample on the server."""
    golden = json.loads((samples / "eval_set_helm.json").read_text())

    def evaluated(sample: str, *, eval_set: Any = golden, **config: Any) -> Run:
        trace = json.loads((samples / sample).read_text())
        spec = {
            "target": {"kind": "inline", "inline": trace},
            "evalSet": eval_set,
            "evalConfig": {"metrics": METRICS, **config},
        }
        make_run(spec=spec, name=sample)
        (run,) = work_off()
        return run

    return evaluated


def compared(client: Client, base: object, run: object, **more: str) -> Any:
    """Ask for a comparison; runs by themselves, anything else as it is."""
    ids = [str(each.pk) if isinstance(each, Run) else each for each in (base, run)]
    query = {"base": ids[0], "run": ids[1], **more}
    return client.get("/api/runs/compare", query)


def test_a_run_that_lost_a_pass_regressed(client: Client, evaluate: Evaluate) -> None:
    base, run = evaluate("helm.json"), evaluate("k8s.json")

    response = compared(client, base, run)

    data = response.json()["data"]
    assert response.status_code == 200
    assert (data["verdict"], data["rule"]) == ("regressed", "lost-pass")
    assert (data["base"]["name"], data["base"]["verdict"]) == ("helm.json", "passed")
    assert (data["run"]["runId"], data["run"]["verdict"]) == (str(run.pk), "failed")
    assert [e["evaluator"] for e in data["evaluators"]] == METRICS
    assert data["pairs"][0]["caseId"] == "list_releases"
    assert data["pairs"][0]["change"] == "regressed"
    assert data["pairs"][0]["scoreDelta"] == -1.0
    assert data["warnings"] == []


def test_the_other_way_round_it_improved(client: Client, evaluate: Evaluate) -> None:
    base, run = evaluate("k8s.json"), evaluate("helm.json")

    data = compared(client, base, run).json()["data"]

    assert data["verdict"] == "improved"


def test_a_run_is_the_same_as_itself(client: Client, evaluate: Evaluate) -> None:
    run = evaluate("helm.json")

    data = compared(client, run, run, rule="any-regression").json()["data"]

    assert data["counts"]["same"] == 2
    assert (data["verdict"], data["rule"]) == ("inconclusive", "any-regression")


def test_another_threshold_and_eval_set_are_warned_of(
    client: Client, evaluate: Evaluate, samples: Path
) -> None:
    text = (samples / "eval_set_helm.json").read_text()
    other = json.loads(text.replace("tidegauge", "weathervane"))
    base = evaluate("helm.json")
    run = evaluate("helm.json", eval_set=other, threshold=0.9)

    warnings = compared(client, base, run).json()["data"]["warnings"]

    assert warnings[0].startswith("the eval sets differ")
    assert f"{METRICS[0]}: threshold is 0.5 in base and 0.9 in run" in warnings


def test_a_run_that_was_cancelled_is_compared_with_a_warning(
    client: Client, evaluate: Evaluate
) -> None:
    base, run = evaluate("helm.json"), make_run()
    queue.cancel(run.pk)

    data = compared(client, base, run).json()["data"]

    assert data["warnings"][0].startswith("run is incomplete: ")
    assert data["counts"]["missingInRun"] == 2


def test_runs_that_have_not_ended_are_not_compared(
    client: Client, evaluate: Evaluate
) -> None:
    response = compared(client, evaluate("helm.json"), make_run())

    assert response.status_code == 409
    assert response.json()["code"] == "run_not_ended"


def test_a_run_that_does_not_exist_is_named(client: Client) -> None:
    unknown = new_id()

    response = compared(client, unknown, unknown)

    assert response.status_code == 404
    assert unknown in response.json()["detail"]


def test_every_wrong_parameter_is_named_with_its_cure(client: Client) -> None:
    response = client.get("/api/runs/compare?base=x&rule=strict&fail=1")

    faults = response.json()["detail"]
    assert response.status_code == 422
    assert {fault["loc"][1] for fault in faults} == {"base", "run", "rule", "fail"}
    assert "base='x': use a UUID" in str(faults)
    assert "run is missing; add run=..." in str(faults)


def test_many_results_cost_no_more_queries(client: Client, evaluate: Evaluate) -> None:
    base, run = evaluate("helm.json"), evaluate("k8s.json")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert compared(client, base, run).status_code == 200
        return len(captured)

    few = queries()
    for each in (base, run):
        more = [
            as_row(each, f"t{k}", MetricResult(metric_name="m", score=k / 50))
            for k in range(50)
        ]
        save(more)

    assert queries() == few
