"""Telling idle workers that there is something to do.

A wake-up is a hint and never a record: it may be lost, and polling finds the work then.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections

logger = logging.getLogger(__name__)

# NOTIFY takes a lock of the whole cluster until its commit, so it is never part of a
# transaction that writes, and at most one is sent in this time.
ANNOUNCE_INTERVAL_S = 0.025
# Dead links are found by TCP's keepalives; this is for whatever swallows those.
LIVENESS_INTERVAL_S = 60.0
# A link that is half open has to be found in seconds; the operator's URL may say otherwise.
LINK = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
RECONNECT_S = 1.0
# PRAGMA data_version costs microseconds and changes with every commit of another
# connection.
SQLITE_LOOK_S = 0.02


def channel() -> str:
    """Return the name of the schema's notification channel."""
    return f"{settings.DATABASE_SCHEMA}_work"


def _connect() -> psycopg.Connection[Any]:
    """Open a connection outside the pool, in autocommit."""
    params = dict(connections["default"].get_connection_params())
    for name in ("pool", "context", "cursor_factory", "prepare_threshold"):
        params.pop(name, None)
    return psycopg.connect(**{**LINK, **params, "autocommit": True})


class Announcer:
    """Sends wake-ups from a thread of its own, a burst of them as one."""

    def __init__(self) -> None:
        """Start nothing before there is something to announce."""
        self._wanted = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def announce(self) -> None:
        """Ask for a wake-up soon; call it after the commit."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._stopping.clear()
                self._thread = threading.Thread(
                    target=self._run, name="announcer", daemon=True
                )
                self._thread.start()
        self._wanted.set()

    def stop(self) -> None:
        """Send nothing more and close the connection."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            self._wanted.set()
            thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with _connect() as connection:
                    self._send_all(connection)
            except psycopg.Error as error:
                logger.warning("cannot announce work, workers will poll: %s", error)
                self._wanted.set()  # what was not sent is still wanted
                self._stopping.wait(RECONNECT_S)

    def _send_all(self, connection: psycopg.Connection[Any]) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._stopping.is_set():
                return
            connection.execute("SELECT pg_notify(%s, '')", [channel()])
            time.sleep(ANNOUNCE_INTERVAL_S)


announcer = Announcer()


def announce_work() -> None:
    """Wake idle workers: a run was queued or a cancel was asked for.

    SQLite needs no announcement: its workers see that the file has changed.
    """
    if settings.STORAGE_BACKEND == "postgres":
        announcer.announce()


class Listener:
    """Calls ``wake`` from a thread whenever there may be work.

    ``is_up`` is false while wake-ups may be missed; the worker then polls quickly.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        """Prepare the thread."""
        self._wake = wake
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self.is_up = False

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; the thread ends by itself soon."""
        self._stopping.set()

    def _run(self) -> None:
        postgres = settings.STORAGE_BACKEND == "postgres"
        listen = self._listen_to_postgres if postgres else self._watch_sqlite
        while not self._stopping.is_set():
            try:
                listen()
            except (psycopg.Error, sqlite3.Error) as error:
                self.is_up = False
                logger.warning("wake-ups interrupted, polling: %s", error)
                self._stopping.wait(RECONNECT_S)

    def _listen_to_postgres(self) -> None:
        with _connect() as connection:
            connection.execute(f'LISTEN "{channel()}"')
            self.is_up = True
            self._wake()  # for what was announced before this moment
            while not self._stopping.is_set():
                heard = connection.notifies(timeout=LIVENESS_INTERVAL_S, stop_after=1)
                if list(heard):
                    self._wake()
                else:
                    connection.execute("SELECT 1")  # finds a half-open link

    def _watch_sqlite(self) -> None:
        path = Path(connections["default"].settings_dict["NAME"])
        connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)
        try:
            self.is_up = True
            seen = None
            while not self._stopping.wait(SQLITE_LOOK_S):
                version = connection.execute("PRAGMA data_version").fetchone()
                if version != seen:
                    seen = version
                    self._wake()
        finally:
            connection.close()
