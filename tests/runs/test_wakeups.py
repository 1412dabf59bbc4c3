"""Wake-ups reach who listens for them, and nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db import connection

from runs.wakeups import Listener, News, announce_work, announcer
from tests.e2e.serving import wait_until
from tests.runs.building import make_run

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        settings.STORAGE_BACKEND != "postgres", reason="needs PostgreSQL"
    ),
]
Hear = Callable[[News], threading.Event]


@pytest.fixture
def hear() -> Iterator[Hear]:
    """Return a starter of listeners; what each has heard is in its event."""
    listeners: list[Listener] = []

    def start(news: News) -> threading.Event:
        heard = threading.Event()
        listeners.append(Listener(heard.set, news))
        listeners[-1].start()
        assert heard.wait(10)  # for what was announced before
        heard.clear()
        return heard

    yield start
    for listener in listeners:
        listener.stop()
    announcer.stop()


def test_an_event_wakes_who_follows_and_not_the_workers(hear: Hear) -> None:
    events, work = hear(News.EVENTS), hear(News.WORK)

    make_run()  # the view would announce the work

    assert events.wait(10)
    assert not work.is_set()


def test_work_wakes_the_workers(hear: Hear) -> None:
    work = hear(News.WORK)

    announce_work()

    assert work.wait(10)


def test_a_listener_whose_connection_ends_hears_again(hear: Hear) -> None:
    work = hear(News.WORK)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
        )

    assert work.wait(10)  # it looks when it has connected again


def test_a_listener_that_is_stopped_leaves_no_connection() -> None:
    heard = threading.Event()
    listener = Listener(heard.set, News.EVENTS)
    listener.start()
    assert heard.wait(10)
    before = listening()

    listener.stop()

    wait_until(lambda: listening() == before - 1, within_s=10)


def listening() -> int:
    """Return how many connections to this database listen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
        )
        return int(cursor.fetchone()[0])
