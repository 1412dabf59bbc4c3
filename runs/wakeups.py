"""Telling who waits that there is something to do, or something new to see.

A wake-up is a hint and never a record. It carries nothing and may be lost: polling finds
the work then, or the news.
"""

from __future__ import annotations

import asyncio
import logging
import selectors
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import psycopg
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connections, transaction

from runs.models import RunEvent

logger = logging.getLogger(__name__)

# NOTIFY takes a lock of the whole cluster until its commit, so it is never part of a
# transaction that writes, and at most one is sent in this time.
ANNOUNCE_INTERVAL_S = 0.025
# Dead links are found by TCP's keepalives; this is for whatever swallows those.
LIVENESS_INTERVAL_S = 60.0
STOP_S = 1.0
# A link that is half open has to be found in seconds, though nothing is sent over it; the
# operator's URL may say otherwise.
LINK = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
RECONNECT_S = 1.0
# PRAGMA data_version costs microseconds and changes with every commit of another
# connection.
SQLITE_LOOK_S = 0.02


# What is sent through the channel layer when events were logged.
EVENTS_GROUP = "events"
EVENTS_MESSAGE = {"type": "events.logged"}


class News(StrEnum):
    """What there can be: each has its own listeners and wakes nobody else."""

    WORK = "work"
    EVENTS = "events"


def channel(news: News) -> str:
    """Return the name of the schema's notification channel."""
    return f"{settings.DATABASE_SCHEMA}_{news}"


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
        self._wanted: set[News] = set()
        self._asked = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def announce(self, news: News) -> None:
        """Ask for a wake-up soon; call it after the commit."""
        with self._lock:
            self._wanted.add(news)
            if self._thread is None or not self._thread.is_alive():
                self._stopping.clear()
                self._thread = threading.Thread(
                    target=self._run, name="announcer", daemon=True
                )
                self._thread.start()
        self._asked.set()

    def stop(self) -> None:
        """Send nothing more and close the connection."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            self._asked.set()
            thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with _connect() as connection, asyncio.Runner() as runner:
                    self._send_all(connection, runner)
            except psycopg.Error as error:
                logger.warning("cannot announce, others will poll: %s", error)
                self._asked.set()  # what was not sent is still wanted
                self._stopping.wait(RECONNECT_S)

    def _send_all(
        self, connection: psycopg.Connection[Any], runner: asyncio.Runner
    ) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            if self._stopping.is_set():
                return
            for news in sorted(self._wanted):
                # Before it is sent: what comes meanwhile is sent again.
                self._wanted.discard(news)
                if news is News.EVENTS and settings.CHANNEL_LAYER_URL:
                    _tell_layer(runner)
                else:
                    self._notify(connection, news)
            time.sleep(ANNOUNCE_INTERVAL_S)

    def _notify(self, connection: psycopg.Connection[Any], news: News) -> None:
        try:
            connection.execute("SELECT pg_notify(%s, '')", [channel(news)])
        except psycopg.Error:
            self._wanted.add(news)
            raise


def _tell_layer(runner: asyncio.Runner) -> None:
    layer = get_channel_layer()
    try:
        runner.run(layer.group_send(EVENTS_GROUP, EVENTS_MESSAGE))
    except Exception as error:  # noqa: BLE001 - whatever a layer raises, streams poll
        logger.warning("cannot announce events, streams will poll: %s", error)


announcer = Announcer()


def announce_work() -> None:
    """Wake idle workers: a run was queued or a cancel was asked for.

    SQLite needs no announcement: its workers see that the file has changed.
    """
    if settings.STORAGE_BACKEND == "postgres":
        announcer.announce(News.WORK)


def announce_events(events: Sequence[RunEvent]) -> None:
    """Wake whoever follows runs, once the events are committed; hears the event log."""
    if events and settings.STORAGE_BACKEND == "postgres":
        transaction.on_commit(lambda: announcer.announce(News.EVENTS))


class Listener:
    """Calls ``wake`` from a thread whenever there may be something new.

    ``is_up`` is false while wake-ups may be missed; who waits then polls quickly.
    """

    def __init__(self, wake: Callable[[], None], news: News = News.WORK) -> None:
        """Prepare the thread."""
        self._wake = wake
        self._news = news
        self._stopping = threading.Event()
        self._bell, self._ring = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self.is_up = False

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; a thread that is just connecting ends by itself soon."""
        self._stopping.set()
        self._ring.close()  # which the other end sees
        if self._thread.is_alive():
            self._thread.join(STOP_S)
        if not self._thread.is_alive():
            self._bell.close()

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
        with _connect() as connection, selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            connection.execute(f'LISTEN "{channel(self._news)}"')
            self.is_up = True
            self._wake()  # for what was announced before this moment
            while not self._stopping.is_set():
                if not selector.select(LIVENESS_INTERVAL_S):
                    connection.execute("SELECT 1")  # finds a half-open link
                # Also what came in with the answer to that.
                if list(connection.notifies(timeout=0)):
                    self._wake()

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
