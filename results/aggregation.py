"""What many results come to: for each evaluator, over all time or day by day."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.db.models import Avg, Count, Q
from django.db.models.functions import TruncDate

from evaluation.values import JSONObject
from results.models import ResultStatus
from results.models.result import ResultQuerySet

COUNTS = {status.value: Count("pk", filter=Q(status=status)) for status in ResultStatus}
MEASURED = ~Q(status=ResultStatus.ERRORED)


def aggregate(results: ResultQuerySet, *, by_day: bool) -> list[JSONObject]:
    """Sum results up.

    Returns:
        One row an evaluator, by name; with ``by_day`` one for each of its days (UTC)
        too, the oldest first. Scores of different evaluators are never mixed: their
        scales differ. ``passRate`` is that of passed and failed results alone, and it
        and ``avgScore`` are None when nothing was judged or measured.
    """
    keys = ["evaluator_name", *(["day"] if by_day else [])]
    days = {"day": TruncDate("created_at", tzinfo=UTC)} if by_day else {}
    rows = (
        results.annotate(**days)
        .values(*keys)
        .annotate(total=Count("pk"), average=Avg("score", filter=MEASURED), **COUNTS)
        .order_by(*keys)
    )
    return [_row(row) for row in rows]


def _row(row: dict[str, Any]) -> JSONObject:
    judged = row["passed"] + row["failed"]
    return {
        "evaluatorName": row["evaluator_name"],
        **({"day": row["day"]} if "day" in row else {}),
        "count": row["total"],
        **{status: row[status] for status in COUNTS},
        "passRate": row["passed"] / judged if judged else None,
        "avgScore": row["average"],
    }
