"""How PostgreSQL executes what the queue asks for, whatever the tables hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.http import QueryDict

from runs import queue
from runs.api.queries import HISTORY, RunQuery
from runs.models import Run
from tests.runs.building import DEADLINE, LEASE, make_run

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

Filler = Callable[..., None]

FILL = """
INSERT INTO run (run_id, status, approach, spec, fingerprint, name, labels, priority,
  project, fair_key, attempt, max_attempts, worker_id, claimed_at, lease_expires_at,
  cancel_requested, event_seq, error_code, created_at, finished_at)
SELECT gen_random_uuid(), %(status)s, 'trace_replay', '{}', '', '', '{}', n %% 3,
  'project-' || n %% 7, n, 1, 3, owner, since, since + interval '1 hour',
  false, 0, '', now() - n * interval '1 second',
  CASE WHEN %(status)s = 'succeeded' THEN now() END
FROM generate_series(1, %(count)s) AS n,
  LATERAL (SELECT CASE WHEN %(status)s = 'running' THEN 'w' END AS owner,
                  CASE WHEN %(status)s = 'running' THEN now() END AS since) AS state
"""


class Statement(NamedTuple):
    """What was sent to the database."""

    sql: str
    params: Any


class Plan(NamedTuple):
    """How a statement is executed: its nodes, and the indexes and tables they read."""

    nodes: set[str]
    indexes: set[str]
    scanned: set[str]


@pytest.fixture
def fill(db: None) -> Filler:
    """Return a function that stores rows by the thousand and counts them.

    The tables are truncated in the test's transaction: what was there before returns with
    the rollback, and the many rows leave no trace.
    """
    if connection.vendor != "postgresql":
        pytest.skip("plans are PostgreSQL's")

    def store(**counts: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE run CASCADE")
            for status, count in counts.items():
                cursor.execute(FILL, {"status": status, "count": count})
            cursor.execute("ANALYZE run")

    return store


@contextmanager
def sent() -> Iterator[list[Statement]]:
    """Collect the statements about runs that are sent meanwhile."""
    statements: list[Statement] = []

    def collect(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if '"run"' in sql:
            statements.append(Statement(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(collect):
        yield statements


def plan_of(statement: Statement) -> Plan:
    """Ask how a statement would be executed."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.sql}", statement.params)
        (answer,) = cursor.fetchone()
    tree = json.loads(answer) if isinstance(answer, str) else answer
    nodes = list(_nodes(tree[0]["Plan"]))
    return Plan(
        nodes={node["Node Type"] for node in nodes},
        indexes={node["Index Name"] for node in nodes if "Index Name" in node},
        scanned={n["Relation Name"] for n in nodes if n["Node Type"] == "Seq Scan"},
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


@pytest.mark.parametrize("queued", [0, 1_000, 100_000])
def test_a_claim_reads_one_index_in_its_order(fill: Filler, queued: int) -> None:
    fill(succeeded=20_000, queued=queued)

    with sent() as statements:
        queue.claim("w", limit=4, lease=LEASE, deadline=DEADLINE)

    plan = plan_of(statements[0])
    assert plan.indexes == {"run_claim_idx"}
    assert plan.nodes == {"Limit", "LockRows", "Index Scan"}


def test_a_sweep_reads_neither_the_history_nor_the_queue(fill: Filler) -> None:
    fill(succeeded=100_000, running=50, queued=100_000)

    with sent() as statements:
        assert queue.sweep() == []

    plan = plan_of(statements[0])
    assert plan.scanned == set()
    assert plan.indexes == {"run_running_idx", "run_overdue_idx"}


def test_a_submit_finds_its_place_by_index(fill: Filler) -> None:
    fill(succeeded=50_000, running=50, queued=50_000)

    with sent() as statements:
        make_run(labels={"project": "project-1"})

    plans = [plan_of(each) for each in statements if each.sql.startswith("SELECT")]
    assert [plan.scanned for plan in plans] == [set(), set()]
    found = set.union(*(plan.indexes for plan in plans))
    assert found <= {"run_claim_idx", "run_running_idx", "run_fairness_idx"}


@pytest.mark.parametrize("filters", ["", "status=succeeded&status=failed", "q=abc"])
def test_a_page_of_the_history_is_read_by_index(fill: Filler, filters: str) -> None:
    fill(succeeded=100_000, queued=100)
    middle = Run.objects.newest_first()[50_000]
    query = RunQuery.read(QueryDict(filters))

    with sent() as statements:
        runs = Run.objects.filter(query.condition)
        HISTORY.page(runs, limit=100, after=(middle.created_at, middle.run_id))

    plan = plan_of(statements[0])
    assert plan.indexes == {"run_history_idx"}
    assert plan.nodes <= {"Limit", "Index Scan", "Function Scan"}


def test_old_runs_are_found_by_index(fill: Filler) -> None:
    fill(succeeded=100_000, queued=100)

    with sent() as statements:
        list(Run.objects.ended_before(timedelta(days=1)).lock()[:100])

    plan = plan_of(statements[0])
    assert plan.indexes == {"run_prune_idx"}
    assert plan.nodes == {"Limit", "LockRows", "Index Scan"}


def test_the_history_is_read_by_index(fill: Filler) -> None:
    fill(succeeded=100_000, queued=100)

    with sent() as statements:
        list(Run.objects.newest_first()[:100])

    plan = plan_of(statements[0])
    assert plan.indexes == {"run_history_idx"}
    assert plan.nodes == {"Limit", "Index Scan"}
