"""The results of a run as files for people and other tools."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evaluation.comparing.reading import read_side
from evaluation.outcome import MetricResult
from results.api import exporting
from results.models import Result
from results.recording import as_row, save
from runs import queue
from runs.models import ApiToken, Run, Scope
from tests.results.executing import work_off
from tests.runs.asking import faults
from tests.runs.building import make_run, new_id

pytestmark = [pytest.mark.durable, pytest.mark.django_db]


@pytest.fixture
def run(db: None, samples: Path) -> Run:
    """Evaluate a sample whose tool calls fail and whose answer has no golden one."""
    spec = {
        "target": {
            "kind": "inline",
            "inline": json.loads((samples / "k8s.json").read_text()),
        },
        "evalSet": json.loads((samples / "eval_set_helm.json").read_text()),
        "evalConfig": {"metrics": ["tool_trajectory_avg_score", "tool_call_count_v1"]},
    }
    make_run(spec=spec, name="=nightly", labels={"team": "red"})
    (ended,) = work_off()
    return ended


def export(client: Client, run: Run, format: str = "") -> Any:  # noqa: A002 - the parameter's name
    query = f"?format={format}" if format else ""
    answer = client.get(f"/api/runs/{run.pk}/export{query}")
    assert answer.status_code == 200, answer.content
    return answer


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def table(client: Client, run: Run) -> list[dict[str, str]]:
    text = body(export(client, run, "csv")).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_json_is_the_document_of_the_command_with_ids(client: Client, run: Run) -> None:
    answer = export(client, run)
    told = json.loads(body(answer))

    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == f'attachment; filename="run-{run.pk}.json"'
    assert told["run"]["run_id"] == str(run.pk)
    assert (told["run"]["verdict"], told["run"]["labels"]) == (
        "failed",
        {"team": "red"},
    )
    (trace,) = told["traces"]
    assert trace["num_invocations"] == 1
    assert trace["eval_case_id"] == "list_releases"
    assert told["errors"] == []
    assert told["performance_metrics"]["trace_count"] == 1
    match, count = trace["metrics"]
    assert (match["metric_name"], match["eval_status"]) == (
        "tool_trajectory_avg_score",
        "FAILED",
    )
    assert match["threshold"] == 0.5
    assert match["details"]["comparisons"]
    assert (count["eval_status"], count["score"]) == ("NOT_EVALUATED", 1.0)
    ids = {metric["result_id"] for metric in trace["metrics"]}
    assert ids == set(Result.objects.values_list("pk", flat=True))


def test_a_comparison_reads_the_json(client: Client, run: Run) -> None:
    side = read_side(body(export(client, run, "json")), label="run")

    assert [unit.evaluator for unit in side.units] == [
        "tool_trajectory_avg_score",
        "tool_call_count_v1",
    ]
    assert side.eval_set
    assert side.units[0].case_id == "list_releases"


def test_json_lines_are_the_results_as_the_api_shows_them(
    client: Client, run: Run
) -> None:
    answer = export(client, run, "ndjson")
    lines = [json.loads(line) for line in body(answer).splitlines()]

    assert answer["Content-Type"] == "application/x-ndjson"
    assert lines == client.get(f"/api/runs/{run.pk}/results").json()["data"]


def test_a_table_has_a_row_a_result(client: Client, run: Run) -> None:
    match, count = table(client, run)

    assert list(match) == list(exporting.COLUMNS)
    assert (match["evaluatorName"], match["status"], match["score"]) == (
        "tool_trajectory_avg_score",
        "failed",
        "0.0",
    )
    assert (count["status"], count["errorText"]) == ("skipped", "")
    assert match["runId"] == str(run.pk)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\uff1d1", "'\uff1d1"),
        ("a=1", "a=1"),
        ('two\nlines, "quoted"', 'two\nlines, "quoted"'),
    ],
)
def test_a_cell_is_never_a_formula(client: Client, text: str, cell: str) -> None:
    run = make_run()
    metric = MetricResult(metric_name=text, score=-0.5, eval_status="FAILED")
    save([as_row(run, text, metric)])

    (row,) = table(client, run)

    assert (row["traceId"], row["evaluatorName"]) == (cell, cell)
    assert row["score"] == "-0.5"


def test_junit_has_a_case_a_result(client: Client, run: Run) -> None:
    answer = export(client, run, "junit")
    root = ElementTree.fromstring(body(answer))  # noqa: S314 - our own writing

    assert answer["Content-Type"] == "application/xml"
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == (
        "2",
        "1",
        "0",
    )
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert "threshold 0.5" in (failure.get("message") or "")


def test_what_kept_a_run_from_its_end_is_an_error_of_it(client: Client) -> None:
    run = queue.cancel(make_run().pk)

    told = json.loads(body(export(client, run, "json")))
    root = ElementTree.fromstring(body(export(client, run, "junit")))  # noqa: S314 - our own writing

    assert (told["traces"], told["errors"]) == ([], ["cancelled by request"])
    assert root.get("errors") == "1"
    assert body(export(client, run, "ndjson")) == b""
    assert table(client, run) == []


def test_a_run_that_waits_says_so(client: Client) -> None:
    told = json.loads(body(export(client, make_run())))

    assert told["errors"] == ["the run is queued"]


def test_many_results_are_read_some_at_a_time(client: Client) -> None:
    run = make_run()
    count = 2 * exporting.CHUNK + 1
    save([as_row(run, f"t{n}", MetricResult(metric_name="m")) for n in range(count)])

    with CaptureQueriesContext(connection) as statements:
        rows = table(client, run)

    assert len({row["traceId"] for row in rows}) == count
    assert len(statements) == 1 + 3


@pytest.mark.parametrize("query", ["format=xml", "format=", "format=%00"])
def test_another_format_is_refused(client: Client, query: str) -> None:
    run = make_run()

    answer = client.get(f"/api/runs/{run.pk}/export?{query}")

    assert faults(answer) == [["query", "format"]]


def test_an_unknown_run_has_no_export(client: Client) -> None:
    assert client.get(f"/api/runs/{new_id()}/export?format=csv").status_code == 404
    assert faults(client.get("/api/runs/xyz/export")) == [["path", "run_id"]]
    assert faults(client.get("/api/runs/xyz/export?fromat=csv"))[0] == [
        "query",
        "fromat",
    ]


def test_a_stranger_exports_nothing_and_a_reader_does(
    client: Client, settings: Any
) -> None:
    run = make_run()
    settings.API_AUTH = "token"
    token = ApiToken.issue("reader", [Scope.READ]).text
    path = f"/api/runs/{run.pk}/export"

    assert client.get(path).status_code == 401
    reading = client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert reading.status_code == 200
