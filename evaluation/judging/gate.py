"""How many questions go to one provider at once, and when it wants none at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Cancelled = Callable[[], bool]
# Somebody may give up while waiting; nobody tells the gate.
LOOK_AGAIN_S = 0.5


class GivenUpError(Exception):
    """Whoever waited does not want to any more."""


class Gate:
    """The way to one provider, shared by all who ask it.

    Until it has answered once, one question goes at a time: a wrong key or a server
    that is not there then costs one request and not one a sample.
    """

    def __init__(self, limit: int, now: Callable[[], float]) -> None:
        """Let at most ``limit`` through at once; ``now`` is monotonic, in seconds."""
        self._limit = limit
        self._now = now
        self._changed = threading.Condition()
        self._inside = 0
        self._has_answered = False
        self._closed_until = 0.0

    @contextmanager
    def passing(self, cancelled: Cancelled) -> Iterator[None]:
        """Wait for a place and hold it.

        Raises:
            GivenUpError: ``cancelled`` became true first.
        """
        with self._changed:
            while (wait_s := self._wait_s()) is None or wait_s > 0:
                if cancelled():
                    raise GivenUpError
                self._changed.wait(min(LOOK_AGAIN_S, wait_s or LOOK_AGAIN_S))
            if cancelled():
                raise GivenUpError
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def _wait_s(self) -> float | None:
        """Return 0 to go in, seconds of a pause, or None until somebody comes out."""
        if self._inside >= (self._limit if self._has_answered else 1):
            return None
        return max(0.0, self._closed_until - self._now())

    def answered(self) -> None:
        """Note that the provider works."""
        with self._changed:
            self._has_answered = True
            self._changed.notify_all()

    def close_for(self, seconds: float) -> None:
        """Let nobody through for a while: the provider said that it is too much."""
        with self._changed:
            self._closed_until = max(self._closed_until, self._now() + seconds)

    def wake(self) -> None:
        """Have everybody look again whether they still want to."""
        with self._changed:
            self._changed.notify_all()
