"""Taking a query string apart, one parameter after the other: all faults are collected."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import msgspec
from django.http import QueryDict
from rest_framework.request import Request

from evaluation.documents import nearest
from runs.errors import FieldError, InvalidSubmissionError

T = TypeVar("T")
Reader = Callable[[str], T]
# How an error shows a value that is longer.
EXCERPT = 200
# A condition each, and SQLite nests no more than a thousand.
MAX_PARAMETERS = 200
MAX_INTEGER_DIGITS = 18
# Every endpoint has it: the framework chooses by it between JSON and its own pages.
FRAMEWORK = "format"
FRAMEWORK_FORMATS = ("json", "api")
LABEL = "label."
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Parameters:
    """The parameters of one request; a reader raises ``ValueError`` with the cure."""

    def __init__(self, query: QueryDict) -> None:
        """Begin with nothing taken."""
        self._query = query
        self._errors: list[FieldError] = []
        self._known: set[str] = set()
        self._prefixes: list[str] = []

    def take(self, name: str, read: Reader[T]) -> T | None:
        """Take a parameter; of several with its name the last counts."""
        self._known.add(name)
        text = self._query.get(name)
        return None if text is None else self._read(name, None, text, read)

    def require(self, name: str, read: Reader[T]) -> T | None:
        """Take a parameter that must be there; None is for a fault that is kept."""
        if name not in self._query:
            message = f"{name} is missing; add {name}=..."
            self._errors.append(
                FieldError(loc=("query", name), msg=message, type="missing")
            )
        return self.take(name, read)

    def take_all(self, name: str, read: Reader[T]) -> list[T]:
        """Take every parameter of this name."""
        self._known.add(name)
        texts = enumerate(self._query.getlist(name))
        values = [self._read(name, place, text, read) for place, text in texts]
        return [value for value in values if value is not None]

    def take_labels(self) -> dict[str, list[str]]:
        """Take ``label.KEY=VALUE``: the values that were asked for, by key."""
        self._prefixes.append(LABEL)
        names = [name for name in self._query if name.startswith(LABEL)]
        for name in names:
            self._read(name, None, name, text)
        return {name.removeprefix(LABEL): self.take_all(name, text) for name in names}

    def check(self) -> None:
        """Refuse the request if anything was wrong, or is left.

        Raises:
            InvalidSubmissionError: names every parameter that is wrong or unknown.
        """
        count = sum(len(values) for _, values in self._query.lists())
        if count > MAX_PARAMETERS:
            message = f"at most {MAX_PARAMETERS} parameters, not {count}"
            self._errors.append(FieldError(loc=("query",), msg=message))
        for name in self._query:
            if name not in {*self._known, FRAMEWORK}:
                self._add_unknown(name)
        if FRAMEWORK not in self._known:
            self.take(FRAMEWORK, one_of(FRAMEWORK_FORMATS))
        if self._errors:
            raise InvalidSubmissionError(self._errors)

    def _read(
        self, name: str, place: int | None, value: str, read: Reader[T]
    ) -> T | None:
        try:
            return read(text(value))
        except ValueError as error:
            loc = ("query", name) if place is None else ("query", name, place)
            message = f"{name}={shorten(value)!r}: {error}"
            self._errors.append(FieldError(loc=loc, msg=message, input=shorten(value)))
            return None

    def _add_unknown(self, name: str) -> None:
        known = {*self._known, *(f"{each}KEY" for each in self._prefixes)}
        names = ", ".join(sorted(known)) or "none"
        cure = nearest(name, known) or f"remove it; there are: {names}"
        message = f"{shorten(name)!r} is no parameter here; {cure}"
        fault = FieldError(
            loc=("query", shorten(name)),
            msg=message,
            type="extra_forbidden",
            input=shorten(self._query.get(name) or ""),
        )
        self._errors.append(fault)


def refuse_parameters(request: Request) -> None:
    """Refuse a request that has parameters where there are none.

    Raises:
        InvalidSubmissionError: names them.
    """
    Parameters(request.query_params).check()


def shorten(value: str) -> str:
    """Return the beginning of what a client sent."""
    return value if len(value) <= EXCERPT else f"{value[:EXCERPT]}..."


def text(value: str) -> str:
    """Read any text that a database can compare with."""
    if "\0" in value:
        raise ValueError("text must not hold the character U+0000")
    return value


def one_of(words: Collection[str]) -> Reader[str]:
    """Read one of some words."""

    def read(value: str) -> str:
        if value not in words:
            raise ValueError(f"use one of {', '.join(words)}")
        return value

    return read


def whole_number(low: int, high: int) -> Reader[int]:
    """Read a whole number in plain digits."""

    def read(value: str) -> int:
        plain = re.fullmatch(r"[0-9]+", value) and len(value) <= MAX_INTEGER_DIGITS
        if not plain or not low <= int(value) <= high:
            raise ValueError(f"use a whole number from {low} to {high}")
        return int(value)

    return read


def number(value: str) -> float:
    """Read a number that is one."""
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise ValueError("use a number such as 0.5")
    return found


def uuid(value: str) -> UUID:
    """Read an id."""
    try:
        return UUID(value)
    except ValueError as error:
        raise ValueError("use a UUID") from error


def moment(value: str) -> datetime:
    """Read a time, or the beginning of a day.

    Without a zone it is UTC, and a ``+`` that became a space is mended.
    """
    said = value.strip().replace(" ", "+")
    try:
        found = msgspec.convert(
            f"{said}T00:00:00Z" if DAY.fullmatch(said) else said, datetime
        )
        if found.tzinfo is None:
            return found.replace(tzinfo=UTC)
        return found.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError) as error:
        cure = "use an RFC 3339 time such as 2026-01-31T12:00:00Z"
        raise ValueError(cure) from error
