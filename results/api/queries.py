"""Reading the query strings of the result endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import and_
from typing import Annotated, Self

import msgspec
from django.db.models import Q
from django.http import QueryDict

from evaluation.values import Value
from results.models import EvaluatorType, ResultStatus
from runs.api.paging import DEFAULT_LIMIT, Key, Keyset, take_limit
from runs.api.parameters import Parameters, moment, number, one_of, text, uuid
from runs.api.queries import Moment, among, any_of, labelled

COLUMNS = ("created_at", "position", "result_id")
Position = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
TYPES = tuple[Moment, Position, Id]
NEWEST_FIRST = Keyset(columns=COLUMNS, types=TYPES, newest_first=True)
OLDEST_FIRST = Keyset(columns=COLUMNS, types=TYPES)
BOUNDS = {
    "createdAfter": ("created_at__gte", moment),
    "createdBefore": ("created_at__lt", moment),
    "minScore": ("score__gte", number),
    "maxScore": ("score__lte", number),
}


class ResultQuery(Value, frozen=True, kw_only=True):
    """Which results a client wants to see, and which page of them; no limit is all."""

    condition: Q
    limit: int | None
    after: Key | None

    @classmethod
    def of_all_runs(cls, query: QueryDict) -> Self:
        """Check the parameters of ``GET /api/results``.

        Raises:
            InvalidSubmissionError: names every parameter that is wrong or unknown.
        """
        given = Parameters(query)
        condition = across_runs(given)
        limit, after = take_limit(given), given.take("cursor", NEWEST_FIRST.read)
        given.check()
        return cls(condition=condition, limit=limit or DEFAULT_LIMIT, after=after)

    @classmethod
    def of_one_run(cls, query: QueryDict) -> Self:
        """Check the parameters of ``GET /api/runs/{id}/results``.

        Raises:
            InvalidSubmissionError: names every parameter that is wrong or unknown.
        """
        given = Parameters(query)
        condition = reduce(and_, _own(given), Q())
        limit, after = take_limit(given), given.take("cursor", OLDEST_FIRST.read)
        given.check()
        return cls(condition=condition, limit=limit, after=after)


class AggregateQuery(Value, frozen=True, kw_only=True):
    """Which results are summed up, and whether by day."""

    condition: Q
    by_day: bool

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Check the parameters of ``GET /api/results/aggregate``.

        Raises:
            InvalidSubmissionError: names every parameter that is wrong or unknown.
        """
        given = Parameters(query)
        condition = across_runs(given)
        group = given.take("groupBy", one_of(["evaluator", "day"]))
        given.check()
        return cls(condition=condition, by_day=group == "day")


def across_runs(given: Parameters) -> Q:
    """Take the filters of results and of their runs; all of them must hold."""
    return reduce(and_, [*_own(given), *_of_runs(given)], Q())


def _own(given: Parameters) -> Iterator[Q]:
    yield among("status", given.take_all("status", one_of(ResultStatus.values)))
    yield among("evaluator_name", given.take_all("metric", text))
    types = given.take_all("evaluatorType", one_of(EvaluatorType.values))
    yield among("evaluator_type", types)
    yield among("trace_id", given.take_all("traceId", text))
    yield among("eval_set_item_id", given.take_all("itemId", text))
    yield among("error_code", given.take_all("errorCode", text))
    for name, (lookup, read) in BOUNDS.items():
        bound = given.take(name, read)
        yield Q() if bound is None else Q(**{lookup: bound})


def _of_runs(given: Parameters) -> Iterator[Q]:
    yield among("run_id", given.take_all("runId", uuid))
    yield among("run__eval_set_id", given.take_all("evalSetId", text))
    agents = given.take_all("agent", text)
    yield any_of(Q(run__summary__includes={"agents": [name]}) for name in agents)
    yield labelled(given.take_labels(), prefix="run__")
