"""What came of one try to deliver."""

from __future__ import annotations

from evaluation.values import Value


class Outcome(Value, frozen=True, kw_only=True):
    """Delivered, unless there is an ``error``.

    ``transient`` says whether another try may help, ``retry_after_s`` when the receiver
    wants it.
    """

    error: str = ""
    transient: bool = False
    retry_after_s: float | None = None


DELIVERED = Outcome()
