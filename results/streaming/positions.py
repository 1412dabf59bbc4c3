"""Where in a log a client has got to: ``Last-Event-ID``."""

from __future__ import annotations

import re

from django.http import QueryDict

from runs.errors import FieldError, InvalidSubmissionError

HEADER = "Last-Event-ID"
PARAMETER = "lastEventId"
NUMBER = re.compile(r"[0-9]{1,9}")


def last_event_id(header: str | None, query: QueryDict) -> int:
    """Return the number of the last event that the client has; 0 for none.

    The header wins: a browser that reconnects sends it, and still has the address that it
    began with.

    Raises:
        InvalidSubmissionError: it is no number.
    """
    text = header or query.get(PARAMETER) or "0"
    if not NUMBER.fullmatch(text):
        raise unusable(bool(header), text, "use the id of an event of this stream")
    return int(text)


def unusable(in_header: bool, text: str, cure: str) -> InvalidSubmissionError:
    """Return what refuses a position: where it stands, its value and the cure."""
    name = HEADER if in_header else PARAMETER
    loc = ("header" if in_header else "query", name)
    return InvalidSubmissionError(
        [FieldError(loc=loc, msg=f"{name}={text!r}: {cure}", input=text)]
    )
