"""One id a request: the client's or our own, in the answer, in problems and in logs."""

from __future__ import annotations

import re
from contextvars import ContextVar
from uuid import uuid4

HEADER = "X-Request-ID"
# Goes into a header and into log lines, so nothing that could break either.
ACCEPTED = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def begin(given: str | None) -> str:
    """Start a request: keep the id that came with it if it is harmless, else make one."""
    request_id = given if given and ACCEPTED.fullmatch(given) else uuid4().hex
    _current.set(request_id)
    return request_id


def current() -> str:
    """Return the id of the request that is being answered; "" outside of one."""
    return _current.get()
