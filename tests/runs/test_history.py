"""The list of runs is searched and paged."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlencode
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runs import queue
from runs.models import Run
from runs.owned import begin
from tests.runs.asking import faults
from tests.runs.building import DEADLINE, LEASE, claim_one, make_run

pytestmark = [pytest.mark.durable, pytest.mark.django_db]

PARAMETERS = [
    "agent", "before", "createdAfter", "createdBefore", "cursor", "evalSetId", "kind",
    "label.team", "limit", "metric", "name", "q", "status", "verdict",
]  # fmt: skip


def ask(client: Client, **query: Any) -> Any:
    answer = client.get("/api/runs", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def found(client: Client, query: str) -> set[str]:
    answer = client.get(f"/api/runs?{query}")
    assert answer.status_code == 200, answer.content
    return {run["name"] for run in answer.json()["data"]}


def walk(client: Client, **query: Any) -> list[str]:
    """Read every page."""
    ids: list[str] = []
    cursor = None
    while True:
        page = ask(client, **query, **({"cursor": cursor} if cursor else {}))
        ids += [run["runId"] for run in page["data"]]
        cursor = page["nextCursor"]
        if cursor is None:
            return ids


def test_pages_hold_every_run_once_though_all_are_of_one_moment(client: Client) -> None:
    made = {str(make_run().pk) for _ in range(5)}
    moment = Run.objects.earliest("created_at").created_at
    Run.objects.update(created_at=moment)

    ids = walk(client, limit=2)

    assert len(ids) == 5
    assert set(ids) == made
    assert ids == sorted(ids, reverse=True)


def test_pages_do_not_shift_when_runs_are_added(client: Client) -> None:
    for _ in range(4):
        make_run()
    before = walk(client)

    first = ask(client, limit=2)
    make_run()
    second = ask(client, limit=2, cursor=first["nextCursor"])

    pages = [run["runId"] for run in first["data"] + second["data"]]
    assert pages == before
    assert second["nextCursor"] is None


def test_the_cursor_stands_beside_the_contract(client: Client) -> None:
    make_run()

    assert list(ask(client)) == ["data", "error", "nextCursor"]
    assert ask(client)["error"] is None


@pytest.fixture
def history(db: None) -> None:
    """Store three runs that differ in everything."""
    red = {"team": "red", "2024": "yes", "a__b": "c", 'q"uote': "é%"}
    eval_set = {"eval_set_id": "golden", "eval_cases": []}
    make_run(
        name="one",
        labels=red,
        spec={
            "evalSet": eval_set,
            "evalConfig": {"metrics": ["exact_match", "response_match_score"]},
        },
    )
    make_run(
        name="two",
        labels={"team": "blue"},
        spec={"evalSet": {"evalSetId": "Other_Set", "evalCases": []}},
    )
    queue.cancel(make_run(name="three").pk)
    summary = {"verdict": "failed", "agents": ["helm", "k8s"]}
    Run.objects.filter(name="one").update(summary=summary)
    Run.objects.filter(name="two").update(error="Worker W was LOST", summary={})


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"one", "two", "three"}),
        ("status=cancelled", {"three"}),
        ("status=cancelled&name=two", set()),
        ("kind=inline", {"one", "two", "three"}),
        ("kind=http&kind=uploaded", set()),
        ("metric=response_match_score", {"one"}),
        ("metric=response_match_score&metric=exact_match", {"one"}),
        ("metric=tool_trajectory_avg_score", {"two", "three"}),
        ("metric=tool_trajectory", set()),
        ("verdict=failed", {"one"}),
        ("verdict=passed&verdict=failed", {"one"}),
        ("agent=k8s", {"one"}),
        ("agent=k8", set()),
        ("label.team=red", {"one"}),
        ("label.team=red&label.team=blue", {"one", "two"}),
        ("label.team=red&label.2024=yes", {"one"}),
        ("label.team=blue&label.2024=yes", set()),
        ("label.a__b=c", {"one"}),
        ("label.q%22uote=%C3%A9%25", {"one"}),
        ("label.team=", set()),
        ("label.=", set()),
        ("name=one&name=two", {"one", "two"}),
        ("name=on", set()),
        ("evalSetId=golden", {"one"}),
        ("evalSetId=Other_Set", {"two"}),
        ("createdAfter=2020-01-01T00:00:00Z", {"one", "two", "three"}),
        ("createdBefore=2999-01-01T00:00:00Z", {"one", "two", "three"}),
        ("createdBefore=2020-01-01T00:00:00%2B02:00", set()),
        ("createdAfter=2020-01-01&createdBefore=2999-01-01", {"one", "two", "three"}),
        ("before=2020-01-01", set()),
        ("q=ON", {"one"}),
        ("q=t", {"two", "three"}),
        ("q=other_s", {"two"}),
        ("q=other%25", set()),
        ("q=was+lost", {"two"}),
        ("q=RED", {"one"}),
        ("q=%C3%A9%25", {"one"}),
        ("q=_", {"two"}),
        ("q=", {"one", "two", "three"}),
        ("format=json", {"one", "two", "three"}),
    ],
)
def test_runs_are_found_by(
    client: Client, history: None, query: str, names: set[str]
) -> None:
    assert found(client, query) == names


def test_a_run_is_found_by_the_beginning_of_its_id(client: Client) -> None:
    run, other = make_run(name="this"), make_run(name="that")
    while str(other.pk)[:3] == str(run.pk)[:3]:
        other = make_run(name="that")

    for part in (str(run.pk), run.pk.hex.upper(), str(run.pk)[:9], str(run.pk)[:3]):
        assert found(client, urlencode({"q": part})) == {"this"}


@pytest.mark.parametrize(
    ("query", "loc", "hint"),
    [
        ("stauts=queued", ["query", "stauts"], "did you mean 'status'?"),
        ("labels.team=red", ["query", "labels.team"], "did you mean 'label.KEY'?"),
        ("created_after=x", ["query", "created_after"], "'createdAfter'"),
        ("xyz=1", ["query", "xyz"], "remove it; there are: agent, before"),
        ("x%00=1", ["query", "x\0"], "remove it"),
        ("createdAfter=2999-13-01", ["query", "createdAfter"], "RFC 3339"),
        ("createdAfter=2999-W01", ["query", "createdAfter"], "RFC 3339"),
        ("verdict=bad", ["query", "verdict", 0], "use one of passed, failed"),
        ("kind=x", ["query", "kind", 0], "use one of inline, http, uploaded"),
        ("name=a%00", ["query", "name", 0], "U+0000"),
        ("q=%00", ["query", "q"], "U+0000"),
        ("label.a%00=1", ["query", "label.a\0"], "U+0000"),
        ("label.a=%00", ["query", "label.a", 0], "U+0000"),
        ("agent=%00", ["query", "agent", 0], "U+0000"),
        ("&".join(["q=x"] * 201), ["query"], "at most 200 parameters"),
        ("cursor=x", ["query", "cursor"], "`nextCursor`"),
        ("cursor=", ["query", "cursor"], "`nextCursor`"),
        ("cursor=" + "A" * 5000, ["query", "cursor"], "`nextCursor`"),
        ("cursor=W10", ["query", "cursor"], "`nextCursor`"),
        ("cursor=%C3%A9", ["query", "cursor"], "`nextCursor`"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_cure(
    client: Client, query: str, loc: list[Any], hint: str
) -> None:
    answer = client.get(f"/api/runs?{query}")

    assert loc in faults(answer)
    assert hint in answer.json()["detail"][0]["msg"]


@hypothesis_settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(PARAMETERS) | st.text(max_size=8),
            st.text(max_size=20)
            | st.sampled_from(["-1", "1e999", "9" * 400, "0", "\\"]),
        ),
        max_size=4,
    )
)
def test_nothing_that_is_asked_breaks_the_list(
    client: Client, query: list[tuple[str, str]]
) -> None:
    sent = urlencode(
        [
            (name.encode(errors="replace"), value.encode(errors="replace"))
            for name, value in query
        ]
    )

    assert client.get(f"/api/runs?{sent}").status_code in {200, 422}


@pytest.mark.parametrize("runs", [1, 7])
def test_a_list_needs_two_statements_and_no_trace(client: Client, runs: int) -> None:
    for _ in range(runs):
        make_run()

    with CaptureQueriesContext(
        connection,
    ) as statements:
        assert len(ask(client)["data"]) == runs

    assert len(statements) == 2
    assert not any('"content"' in each["sql"] for each in statements)


def test_a_later_page_begins_where_the_cursor_says(client: Client) -> None:
    for _ in range(3):
        make_run()
    claim_one()

    page = ask(client, limit=1, status="queued")
    rest = ask(client, cursor=page["nextCursor"], status="queued")

    ids = [UUID(run["runId"]) for run in page["data"] + rest["data"]]
    queued = Run.objects.filter(status="queued").newest_first()
    assert ids == list(queued.values_list("pk", flat=True))


def test_a_run_that_is_evaluated_at_once_is_found_by_its_metrics(
    client: Client,
) -> None:
    target = {"kind": "uploaded"}
    for name, config in (("m", {"metrics": ["exact_match"]}), ("x", {"metrics": 5})):
        spec = {"target": target, "eval_config": config, "eval_set": None, "name": name}
        begin(spec, [], worker_id="server", lease=LEASE, deadline=DEADLINE)

    listed = ask(client, kind="uploaded", metric="exact_match")["data"]

    assert [run["spec"]["name"] for run in listed] == ["m"]
    assert len(ask(client, kind="uploaded")["data"]) == 2
