"""Reading the query string of ``GET /api/runs``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Self

import msgspec
from django.http import QueryDict

from evaluation.values import Value
from runs.errors import FieldError, InvalidSubmissionError
from runs.models import RunStatus

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


class RunQuery(Value, frozen=True, kw_only=True):
    """Which runs a client wants to see; ``before`` is exclusive, on the creation time."""

    statuses: tuple[str, ...] = ()
    limit: int = DEFAULT_LIMIT
    before: datetime | None = None

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Check the parameters.

        Raises:
            InvalidSubmissionError: names every parameter that is wrong.
        """
        errors: list[FieldError] = []
        statuses = query.getlist("status")
        for position, status in enumerate(statuses):
            if status not in RunStatus.values:
                wanted = ", ".join(RunStatus.values)
                _fault(errors, "status", position, f"use one of {wanted}", status)
        limit = _limit(query.get("limit"), errors)
        before = _moment(query.get("before"), errors)
        if errors:
            raise InvalidSubmissionError(errors)
        return cls(statuses=tuple(statuses), limit=limit, before=before)


def _limit(text: str | None, errors: list[FieldError]) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if re.fullmatch(r"[0-9]{1,4}", text) and 1 <= int(text) <= MAX_LIMIT:
        return int(text)
    _fault(errors, "limit", None, f"use a whole number from 1 to {MAX_LIMIT}", text)
    return DEFAULT_LIMIT


def _moment(text: str | None, errors: list[FieldError]) -> datetime | None:
    """Read a time; without a zone it is UTC, and a ``+`` that became a space is mended."""
    if text is None:
        return None
    try:
        moment = msgspec.convert(text.strip().replace(" ", "+"), datetime)
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        cure = "use an RFC 3339 time such as 2026-01-31T12:00:00Z"
        _fault(errors, "before", None, cure, text)
        return None


def _fault(
    errors: list[FieldError], name: str, position: int | None, cure: str, value: str
) -> None:
    loc = ("query", name) if position is None else ("query", name, position)
    message = f"{name}={value!r}: {cure}"
    errors.append(FieldError(loc=loc, msg=message, input=value))
