"""Two connections in a chosen order: one holds its transaction open, the other comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import connection, transaction

T = TypeVar("T")
PATIENCE_S = 20.0


class Racer(Generic[T]):
    """Something that is done in a thread, on a connection of its own."""

    def __init__(self, work: Callable[[], T], *, pauses: bool = False) -> None:
        """Begin; with ``pauses`` it is done and not committed before ``go_on``."""
        self._work = work
        self._pauses = pauses
        self._pid: int | None = None
        self._connected = threading.Event()
        self._done = threading.Event()
        self._may_end = threading.Event()
        self._result: T | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self._pid = cursor.fetchone()[0]
            self._connected.set()
            if self._pauses:
                with transaction.atomic():
                    self._result = self._work()
                    self._done.set()
                    assert self._may_end.wait(PATIENCE_S)
            else:
                self._result = self._work()
        except Exception as error:  # noqa: BLE001 - raised again by ``result``
            self._error = error
        finally:
            self._done.set()
            connection.close()

    def wait_until_done(self) -> Racer[T]:
        """Wait until the work is done, committed or not."""
        assert self._done.wait(PATIENCE_S)
        return self

    def wait_until_blocked(self) -> Racer[T]:
        """Wait until the database says that it waits for somebody's lock."""
        assert self._connected.wait(PATIENCE_S)
        until = time.monotonic() + PATIENCE_S
        while not self._is_blocked():
            assert not self._done.is_set(), "it did not wait for anybody"
            assert time.monotonic() < until, "it never waited"
        return self

    def _is_blocked(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_blocking_pids(%s)", [self._pid])
            return bool(cursor.fetchone()[0])

    def go_on(self) -> None:
        """Let it commit."""
        self._may_end.set()
        self._thread.join(PATIENCE_S)

    def result(self) -> T:
        """Wait for the end; returns what the work returned or raises what it raised."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # set without an error


def paused(work: Callable[[], T]) -> Racer[T]:
    """Do something and stop just before the commit."""
    racer = Racer(work, pauses=True).wait_until_done()
    if racer._error is not None:
        raise racer._error
    return racer
