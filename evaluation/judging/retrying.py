"""Which answers are worth another try, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from evaluation.judging.model import FailureKind
from evaluation.values import Value

TRANSIENT_STATUSES = frozenset({408, 409, 425, 429})
SERVER_ERRORS = range(500, 600)
# Will not be otherwise the next time, although they are in that range.
PERMANENT_SERVER_ERRORS = frozenset({501, 505})
AUTH_STATUSES = frozenset({401, 402, 403})
OK = range(200, 300)


class RetryPolicy(Value, frozen=True, kw_only=True):
    """How often and how soon; times in seconds.

    ``cap_s`` also bounds what a provider may ask for by ``Retry-After``.
    """

    attempts: int = 4
    base_s: float = 1.0
    cap_s: float = 60.0
    timeout_s: float = 60.0

    def delay_s(
        self, attempt: int, retry_after_s: float | None, spread: Callable[[], float]
    ) -> float:
        """Return the pause after attempt 1, 2 ...: doubling, with a random part.

        ``spread`` gives numbers from 0 to 1, so that samples do not return at once.
        """
        if retry_after_s is not None:
            return min(self.cap_s, retry_after_s)
        full: float = min(self.cap_s, self.base_s * 2 ** (attempt - 1))
        return full * (0.5 + 0.5 * spread())


def is_transient(status: int) -> bool:
    """Whether the same request may be answered later."""
    return status in TRANSIENT_STATUSES or (
        status in SERVER_ERRORS and status not in PERMANENT_SERVER_ERRORS
    )


def refusal_kind(status: int) -> FailureKind:
    """Say what a status that is not transient means."""
    return "auth" if status in AUTH_STATUSES else "bad_request"


def retry_after_s(headers: Mapping[str, str], *, today: datetime) -> float | None:
    """Read ``Retry-After``: seconds, or a date; None when there is none to use."""
    said = next((v for k, v in headers.items() if k.lower() == "retry-after"), None)
    if said is None:
        return None
    try:
        seconds = float(said)
    except ValueError:
        seconds = _until(said, today)
    return seconds if 0 <= seconds < float("inf") else None


def _until(date: str, today: datetime) -> float:
    try:
        when = parsedate_to_datetime(date)
    except ValueError:
        return -1.0
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - today).total_seconds())
