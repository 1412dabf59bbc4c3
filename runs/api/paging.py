"""Paging by key: a page begins after the last row of the page before, whatever was added."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from django.db.models import Model, Q, QuerySet

from evaluation.values import Value
from runs.api.parameters import Parameters, whole_number

M = TypeVar("M", bound=Model)
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_CURSOR = 500
Key = tuple[Any, ...]


class Page(NamedTuple, Generic[M]):
    """Some rows of a list, and the cursor of the next; None at the end."""

    rows: list[M]
    next_cursor: str | None


class Keyset(Value, frozen=True, kw_only=True):
    """The columns that order a list and tell its rows apart, and the types of a cursor."""

    columns: tuple[str, ...]
    types: Any
    newest_first: bool = False

    def page(
        self, rows: QuerySet[M], *, limit: int | None, after: Key | None
    ) -> Page[M]:
        """Return the rows that follow ``after``; without a limit all of them."""
        signs = "-" if self.newest_first else ""
        ordered = rows.order_by(*(f"{signs}{column}" for column in self.columns))
        if after is not None:
            ordered = ordered.filter(self._following(after))
        if limit is None:
            return Page(list(ordered), None)
        found = list(ordered[: limit + 1])
        rest = len(found) > limit
        return Page(found[:limit], self._cursor(found[limit - 1]) if rest else None)

    def read(self, cursor: str) -> Key:
        """Read a cursor that an answer held.

        Raises:
            ValueError: it is none.
        """
        try:
            if len(cursor) > MAX_CURSOR:
                raise ValueError("too long")  # noqa: TRY301 - one cure for all faults
            packed = base64.b64decode(f"{cursor}==", altchars=b"-_", validate=True)
            key: Key = msgspec.json.decode(packed, type=self.types)
            return tuple(_in_utc(value) for value in key)
        except (
            ValueError,
            OverflowError,
            binascii.Error,
            msgspec.MsgspecError,
        ) as error:
            raise ValueError("use `nextCursor` of the page before as it was") from error

    def _cursor(self, row: M) -> str:
        key = [getattr(row, column) for column in self.columns]
        packed = base64.urlsafe_b64encode(msgspec.json.encode(key))
        return packed.decode().rstrip("=")

    def _following(self, key: Key) -> Q:
        """Compare column by column; the first comparison alone lets an index begin there."""
        beyond = "lt" if self.newest_first else "gt"
        first, start = self.columns[0], key[0]
        same, follows = Q(), Q()
        for column, value in zip(self.columns, key, strict=True):
            follows |= same & Q(**{f"{column}__{beyond}": value})
            same &= Q(**{column: value})
        return Q(**{f"{first}__{beyond}e": start}) & follows


def _in_utc(value: Any) -> Any:
    """Bring a time into the one zone that databases compare in."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def take_limit(given: Parameters) -> int | None:
    """Take ``limit``: how many rows a page has at most."""
    return given.take("limit", whole_number(1, MAX_LIMIT))
