"""Reading the query string of ``GET /api/runs``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Annotated, Any, Self, get_args
from uuid import UUID

import msgspec
from django.db.models import Q
from django.http import QueryDict

from evaluation.outcome import Verdict
from evaluation.values import Value
from runs.api.paging import DEFAULT_LIMIT, Key, Keyset, take_limit
from runs.api.parameters import Parameters, moment, one_of, text
from runs.models import RunStatus, TargetKind

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
HISTORY = Keyset(
    columns=("created_at", "run_id"), types=tuple[Moment, UUID], newest_first=True
)
ID_PREFIX = re.compile(r"[0-9a-f]{1,32}")
ID_DIGITS = 32


class RunQuery(Value, frozen=True, kw_only=True):
    """Which runs a client wants to see, and which page of them."""

    condition: Q
    limit: int = DEFAULT_LIMIT
    after: Key | None = None

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Check the parameters.

        Raises:
            InvalidSubmissionError: names every parameter that is wrong or unknown.
        """
        given = Parameters(query)
        limit = take_limit(given) or DEFAULT_LIMIT
        after = given.take("cursor", HISTORY.read)
        condition = reduce(and_, _conditions(given), Q())
        given.check()
        return cls(condition=condition, limit=limit, after=after)


def _conditions(given: Parameters) -> Iterator[Q]:
    """Take the filters; of several values of one name any will do."""
    yield among("status", given.take_all("status", one_of(RunStatus.values)))
    yield among("target_kind", given.take_all("kind", one_of(TargetKind.values)))
    yield among("eval_set_id", given.take_all("evalSetId", text))
    yield among("name", given.take_all("name", text))
    verdicts = given.take_all("verdict", one_of(get_args(Verdict)))
    yield any_of(Q(summary__includes={"verdict": word}) for word in verdicts)
    agents = given.take_all("agent", text)
    yield any_of(Q(summary__includes={"agents": [name]}) for name in agents)
    metrics = given.take_all("metric", text)
    yield any_of(Q(metrics__includes=[name]) for name in metrics)
    yield labelled(given.take_labels())
    for name, lookup in (
        ("before", "lt"),
        ("createdBefore", "lt"),
        ("createdAfter", "gte"),
    ):
        limit = given.take(name, moment)
        yield Q() if limit is None else Q(**{f"created_at__{lookup}": limit})
    words = given.take("q", text)
    yield mentioning(words) if words else Q()


def among(field: str, values: list[Any]) -> Q:
    """Ask for one of some values; none asked for is no condition."""
    return Q(**{f"{field}__in": values}) if values else Q()


def any_of(conditions: Iterable[Q]) -> Q:
    """Ask for one of some conditions; none is no condition."""
    return reduce(or_, conditions, Q())


def labelled(wanted: dict[str, list[str]], prefix: str = "") -> Q:
    """Ask for labels: each key has one of its values."""
    return reduce(
        and_,
        (
            any_of(Q(**{f"{prefix}labels__includes": {key: value}}) for value in values)
            for key, values in wanted.items()
        ),
        Q(),
    )


def mentioning(words: str) -> Q:
    """Ask for a text in what a run is called by, or for the beginning of its id."""
    return (
        _with_id_prefix(words.strip().lower().replace("-", ""))
        | Q(name__icontains=words)
        | Q(eval_set_id__icontains=words)
        | Q(error__icontains=words)
        | Q(labels__any_value_contains=words)
    )


def _with_id_prefix(digits: str) -> Q:
    if not ID_PREFIX.fullmatch(digits):
        return Q()
    first, last = digits.ljust(ID_DIGITS, "0"), digits.ljust(ID_DIGITS, "f")
    return Q(run_id__range=(UUID(first), UUID(last)))
