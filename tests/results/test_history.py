"""Results of all runs are searched, paged and summed up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from evaluation.outcome import MetricResult
from results.models import Result
from results.recording import as_row, save
from runs.models import ApiToken, Run, Scope
from tests.runs.asking import faults
from tests.runs.building import make_run

pytestmark = [pytest.mark.durable, pytest.mark.django_db]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PARAMETERS = [
    "agent", "createdAfter", "createdBefore", "cursor", "errorCode", "evalSetId",
    "evaluatorType", "groupBy", "itemId", "label.team", "limit", "maxScore", "metric",
    "minScore", "runId", "status", "traceId",
]  # fmt: skip


def found(
    run: Run, metric: str, score: float | None = None, trace: str = "t1", **fields: Any
) -> Result:
    """Store a result."""
    status = "NOT_EVALUATED"
    if score is not None:
        status = "PASSED" if score >= 0.5 else "FAILED"
    told = {"score": score, "eval_status": status, **fields}
    row = as_row(run, trace, MetricResult(metric_name=metric, **told))
    save([row])
    return row


def age(row: Result, by: timedelta) -> None:
    """Date a result from some time before noon."""
    Result.objects.filter(pk=row.pk).update(created_at=NOON - by)


@pytest.fixture
def red(db: None) -> Run:
    eval_set = {"eval_set_id": "golden", "eval_cases": []}
    run = make_run(name="red", labels={"team": "red"}, spec={"evalSet": eval_set})
    Run.objects.filter(pk=run.pk).update(summary={"agents": ["helm"]})
    return run


@pytest.fixture
def history(red: Run) -> dict[str, Run]:
    """Store seven results of two runs over two days."""
    blue = make_run(name="blue", labels={"team": "blue"})
    day = timedelta(days=1)
    age(found(red, "match", 1.0), 2 * day)
    age(found(red, "match", 0.0, "t2"), day)
    age(
        found(
            red, "match", error="no judge", error_code="judge_unavailable", trace="t3"
        ),
        day,
    )
    age(found(red, "tokens", 420.0, eval_status="NOT_EVALUATED"), day)
    age(found(blue, "match", 0.25), day)
    age(found(blue, "style"), day)
    age(found(blue, "own", 0.5, evaluator_type="code"), day)
    return {"red": red, "blue": blue}


def ask(client: Client, query: str, path: str = "/api/results") -> Any:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def walk(client: Client, path: str, query: str) -> list[str]:
    """Read every page."""
    ids: list[str] = []
    cursor = ""
    while True:
        page = ask(client, query + (f"&cursor={cursor}" if cursor else ""), path)
        ids += [result["resultId"] for result in page["data"]]
        cursor = page["nextCursor"]
        if cursor is None:
            return ids


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 7),
        ("status=passed", 2),
        ("status=errored&status=skipped", 3),
        ("metric=match", 4),
        ("metric=match&metric=own", 5),
        ("evaluatorType=code", 1),
        ("traceId=t2", 1),
        ("itemId=t1", 5),
        ("errorCode=judge_unavailable", 1),
        ("label.team=blue", 3),
        ("label.team=blue&status=failed", 1),
        ("label.team=red&label.team=blue", 7),
        ("agent=helm", 4),
        ("agent=hel", 0),
        ("evalSetId=golden", 4),
        ("minScore=0.25&maxScore=0.5", 2),
        ("minScore=1e3", 0),
        ("createdAfter=2026-02-28T12:00:00Z", 6),
        ("createdBefore=2026-02-28T12:00:00Z", 1),
        ("limit=2", 2),
    ],
)
def test_results_are_found_by(
    client: Client, history: dict[str, Run], query: str, count: int
) -> None:
    assert len(ask(client, query)["data"]) == count


def test_results_are_found_by_their_runs(
    client: Client, history: dict[str, Run]
) -> None:
    red, blue = history["red"], history["blue"]

    assert len(ask(client, f"runId={blue.pk}")["data"]) == 3
    assert len(ask(client, f"runId={blue.pk}&runId={red.pk}")["data"]) == 7


def test_pages_hold_every_result_once(client: Client, history: dict[str, Run]) -> None:
    every = [result["resultId"] for result in ask(client, "")["data"]]

    assert walk(client, "/api/results", "limit=2") == every
    assert len(set(every)) == 7
    first = ask(client, "limit=1")["data"][0]
    assert first["createdAt"] >= ask(client, "")["data"][-1]["createdAt"]


def test_the_results_of_a_run_are_whole_unless_a_limit_is_given(
    client: Client, history: dict[str, Run]
) -> None:
    path = f"/api/runs/{history['red'].pk}/results"

    whole = ask(client, "", path)
    pages = walk(client, path, "limit=1")

    assert list(whole) == ["data", "error", "nextCursor"]
    assert whole["nextCursor"] is None
    assert pages == [result["resultId"] for result in whole["data"]]
    moments = [result["createdAt"] for result in whole["data"]]
    assert moments == sorted(moments)
    assert len(ask(client, "status=errored", path)["data"]) == 1


def test_results_of_one_moment_keep_their_order(client: Client, red: Run) -> None:
    rows = [as_row(red, "t1", MetricResult(metric_name=name)) for name in "cab"]
    for position, row in enumerate(rows):
        row.position = position
    save(rows)
    Result.objects.update(created_at=NOON)
    path = f"/api/runs/{red.pk}/results"

    assert walk(client, path, "limit=1") == [row.result_id for row in rows]


def test_evaluators_are_summed_up_apart(
    client: Client, history: dict[str, Run]
) -> None:
    rows = {
        row["evaluatorName"]: row
        for row in ask(client, "", "/api/results/aggregate")["data"]
    }

    assert list(rows) == ["match", "own", "style", "tokens"]
    assert rows["match"] == {
        "evaluatorName": "match",
        "count": 4,
        "passed": 1,
        "failed": 2,
        "errored": 1,
        "skipped": 0,
        "passRate": pytest.approx(1 / 3),
        "avgScore": pytest.approx(1.25 / 3),
    }
    assert (rows["style"]["passRate"], rows["style"]["avgScore"]) == (None, None)
    assert (rows["tokens"]["passRate"], rows["tokens"]["avgScore"]) == (None, 420.0)


def test_the_score_of_an_error_is_not_averaged(client: Client, red: Run) -> None:
    found(red, "m", 0.0, error="broke on the way")

    (row,) = ask(client, "", "/api/results/aggregate")["data"]

    assert (row["errored"], row["avgScore"], row["passRate"]) == (1, None, None)


def test_days_are_summed_up_apart(client: Client, history: dict[str, Run]) -> None:
    query = "groupBy=day&metric=match&label.team=red"

    rows = ask(client, query, "/api/results/aggregate")["data"]

    assert [
        (row["day"], row["passed"], row["failed"], row["errored"]) for row in rows
    ] == [
        ("2026-02-27", 1, 0, 0),
        ("2026-02-28", 0, 1, 1),
    ]


def test_nothing_found_is_no_row(client: Client) -> None:
    assert ask(client, "", "/api/results/aggregate")["data"] == []
    assert ask(client, "") == {"data": [], "error": None, "nextCursor": None}


@pytest.mark.parametrize(
    ("path", "query", "loc", "hint"),
    [
        ("/api/results", "evaluator=x", ["query", "evaluator"], "'evaluatorType'"),
        ("/api/results", "status=good", ["query", "status", 0], "use one of passed"),
        ("/api/results", "runId=7", ["query", "runId", 0], "use a UUID"),
        ("/api/results", "minScore=nan", ["query", "minScore"], "use a number"),
        ("/api/results", "maxScore=1e999", ["query", "maxScore"], "use a number"),
        ("/api/results", "limit=0", ["query", "limit"], "from 1 to 1000"),
        ("/api/results", "cursor=W10", ["query", "cursor"], "`nextCursor`"),
        ("/api/results", "traceId=%00", ["query", "traceId", 0], "U+0000"),
        ("/api/results", "groupBy=day", ["query", "groupBy"], "remove it"),
        ("/api/results/aggregate", "groupBy=week", ["query", "groupBy"], "use one of"),
        ("/api/results/aggregate", "limit=5", ["query", "limit"], "remove it"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_cure(
    client: Client, path: str, query: str, loc: list[Any], hint: str
) -> None:
    answer = client.get(f"{path}?{query}")

    assert loc in faults(answer)
    assert hint in answer.json()["detail"][0]["msg"]


def test_a_cursor_of_another_list_is_refused(client: Client) -> None:
    make_run(), make_run()
    cursor = client.get("/api/runs?limit=1").json()["nextCursor"]

    assert faults(client.get(f"/api/results?cursor={cursor}")) == [["query", "cursor"]]


@hypothesis_settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(["", "/aggregate"]),
    st.lists(
        st.tuples(
            st.sampled_from(PARAMETERS),
            st.text(max_size=20)
            | st.sampled_from(["-1", "1e308", "9" * 400, "\\", "%"]),
        ),
        max_size=3,
    ),
)
def test_nothing_that_is_asked_breaks_the_lists(
    client: Client, path: str, query: list[tuple[str, str]]
) -> None:
    sent = urlencode([(n, v.encode(errors="replace")) for n, v in query])

    assert client.get(f"/api/results{path}?{sent}").status_code in {200, 422}


@pytest.mark.parametrize("path", ["/api/results", "/api/results/aggregate"])
def test_a_list_needs_one_statement(
    client: Client, history: dict[str, Run], path: str
) -> None:
    with CaptureQueriesContext(connection) as statements:
        ask(client, "label.team=red", path)

    assert len(statements) == 1


@pytest.mark.parametrize("path", ["/api/results", "/api/results/aggregate"])
def test_a_stranger_sees_no_results_and_a_reader_does(
    client: Client, settings: Any, path: str
) -> None:
    settings.API_AUTH = "token"
    token = ApiToken.issue("reader", [Scope.READ]).text

    assert client.get(path).status_code == 401
    reading = client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert reading.status_code == 200


@pytest.mark.parametrize("path", ["/api/results", "/api/results/aggregate"])
def test_without_storage_there_are_no_results(
    client: Client, settings: Any, path: str
) -> None:
    settings.DURABLE = False

    assert client.get(path).status_code == 503
    assert client.get(f"{path}?x=1").status_code == 422
