"""Where a client has got to: ``Last-Event-ID``."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.http import QueryDict

from runs.api.parameters import Reader, moment, shorten, whole_number
from runs.errors import FieldError, InvalidSubmissionError

T = TypeVar("T")
HEADER = "Last-Event-ID"
PARAMETER = "lastEventId"
MAX_NUMBER = 2**31 - 1


def last_number(header: str | None, query: QueryDict) -> int:
    """Return the number of the last event that the client has; 0 for none.

    Raises:
        InvalidSubmissionError: it is no number.
    """
    return _read(header, query, whole_number(0, MAX_NUMBER)) or 0


def last_moment(header: str | None, query: QueryDict) -> datetime | None:
    """Return the time that the id of a change is; None for a client that begins.

    Raises:
        InvalidSubmissionError: it is no time.
    """
    return _read(header, query, moment)


def unusable(in_header: bool, text: str, cure: str) -> InvalidSubmissionError:
    """Return what refuses a position: where it stands, its value and the cure."""
    name = HEADER if in_header else PARAMETER
    loc = ("header" if in_header else "query", name)
    message = f"{name}={shorten(text)!r}: {cure}"
    return InvalidSubmissionError(
        [FieldError(loc=loc, msg=message, input=shorten(text))]
    )


def _read(header: str | None, query: QueryDict, read: Reader[T]) -> T | None:
    """Read the header, which wins over the query.

    A browser that reconnects sends it, and still has the address that it began with.
    """
    text = header or query.get(PARAMETER)
    if not text:
        return None
    try:
        return read(text)
    except ValueError as error:
        raise unusable(bool(header), text, str(error)) from error
