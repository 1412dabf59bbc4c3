"""How PostgreSQL finds results among many."""

from __future__ import annotations

import pytest
from django.db import connection
from django.http import QueryDict

from results.api.queries import NEWEST_FIRST, ResultQuery
from results.models import Result
from tests.runs.building import make_run
from tests.runs.test_plans import Statement, plan_of

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]

FILL = """
INSERT INTO result (result_id, run_id, attempt, position, eval_set_item_id,
  eval_set_item_name, evaluator_name, evaluator_type, status, score,
  per_invocation_scores, details, explanation, error_code, created_at)
SELECT encode(sha256(n::text::bytea), 'hex'), %(run)s, 1, n %% 5, 't', 't', 'm' || n %% 5,
  'builtin', 'passed', 1, '[]', '{}', '{}', '', now() - n * interval '1 second'
FROM generate_series(1, 50000) AS n
"""


@pytest.mark.parametrize("filters", ["", "metric=m1", "status=passed&minScore=0.5"])
def test_a_page_of_results_is_read_by_index(filters: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("plans are PostgreSQL's")
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE result")
        cursor.execute(FILL, {"run": make_run().pk})
        cursor.execute("ANALYZE result")
    middle = Result.objects.order_by("-created_at")[25_000]
    after = (middle.created_at, middle.position, middle.result_id)
    query = ResultQuery.of_all_runs(QueryDict(filters))
    found = Result.objects.filter(query.condition)

    statements: list[Statement] = []

    def collect(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        statements.append(Statement(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(collect):
        page = NEWEST_FIRST.page(found, limit=100, after=after)

    plan = plan_of(statements[0])
    assert len(page.rows) == 100
    assert plan.indexes == {"result_history_idx"}
    assert plan.nodes == {"Limit", "Index Scan"}
