"""The pool of connections: patient when it is busy, quick when it is cut off."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.backends.base.base import NO_DB_ALIAS
from django.test import Client

from agentevals_site.postgres.pool import Pool, UnreachableError, check
from tests.backend import BACKEND
from tests.worker.supervising import database_out_of_reach, wait_until

pytestmark = pytest.mark.skipif(
    BACKEND != "postgres", reason="only PostgreSQL's connections are pooled"
)
# Nobody waits as long in a test that passes.
LONG_S = 60.0


class Network:
    """What lies between a pool and its database."""

    def __init__(self) -> None:
        self.is_cut = False
        self.tried = 0
        self.open = threading.Event()
        self.open.set()


class Impatient(Pool):
    """Takes the first failure for an outage."""

    patience_s = 0.0


Make = Callable[..., Pool]


@pytest.fixture
def network() -> Network:
    """Return a network that works."""
    return Network()


@pytest.fixture
def make(network: Network, django_db_setup: None) -> Iterator[Make]:
    """Return a maker of pools whose connections go through the network."""

    class Connection(psycopg.Connection[Any]):
        @classmethod
        def connect(cls, conninfo: str = "", **params: Any) -> Any:
            network.tried += 1
            assert network.open.wait(LONG_S)
            if network.is_cut:
                raise psycopg.OperationalError("no route to host")
            return super().connect(conninfo, **params)

    params = dict(connection.get_connection_params()) | {"autocommit": True}
    pools: list[Pool] = []

    def start(kind: type[Pool] = Impatient, **options: Any) -> Pool:
        sizes = {"min_size": 1, "max_size": 1, "timeout": LONG_S}
        pool = kind(
            kwargs=params,
            connection_class=Connection,
            open=True,
            reconnect_timeout=kind.patience_s,
            **{**sizes, **options},
        )
        pools.append(pool)
        return pool

    yield start
    network.open.set()
    for pool in pools:
        pool.close()


def waiting(pool: Pool) -> int:
    return pool.get_stats()["requests_waiting"]


def test_a_pool_that_never_reached_a_database_says_so(
    make: Make, network: Network
) -> None:
    network.is_cut = True
    pool = make()

    with pytest.raises(UnreachableError):
        pool.getconn()


def test_a_pool_whose_connections_break_says_so_and_finds_back(
    make: Make, network: Network
) -> None:
    pool = make(min_size=3, max_size=3)
    pool.wait()
    network.is_cut = True
    break_all(pool, 3)

    with pytest.raises(UnreachableError):
        pool.getconn()
    network.is_cut = False

    wait_until(lambda: answers(pool), "it answers")
    assert not pool.is_cut_off


def answers(pool: Pool) -> bool:
    """Ask; an attempt that was on its way while the network was cut may still fail."""
    try:
        with pool.connection() as found:
            return found.execute("SELECT 1").fetchone() == (1,)
    except UnreachableError:
        return False


def break_all(pool: Pool, count: int) -> None:
    """Break the connections that lie in the pool, as a server does that ends."""
    lent = [pool.getconn() for _ in range(count)]
    pids = [each.info.backend_pid for each in lent]
    for each in lent:
        pool.putconn(each)
    with psycopg.connect(**pool.kwargs) as other:  # type: ignore[arg-type]  # no callable
        other.execute(
            "SELECT pg_terminate_backend(pid, 9000) FROM unnest(%s) pid", [pids]
        )


def test_one_broken_connection_is_replaced_unnoticed(make: Make) -> None:
    pool = make(Pool)
    pool.wait()
    break_all(pool, 1)

    assert answers(pool)


class SilentServer:
    """A connection that takes what is sent, and that is all."""

    def __init__(self) -> None:
        self.pgconn = self
        self.ours, self.theirs = socket.socketpair()
        self.socket = self.ours.fileno()

    def send_query(self, query: bytes) -> None:
        self.ours.send(query)

    def flush(self) -> int:
        return 0

    def is_busy(self) -> int:
        return 1

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()


def test_a_server_that_says_nothing_is_not_waited_for_for_ever() -> None:
    server: Any = SilentServer()

    with pytest.raises(UnreachableError):
        check(server, 0.0)

    assert server.ours.fileno() == -1


def test_while_it_is_cut_off_one_waits_and_the_others_are_refused_at_once(
    make: Make, network: Network
) -> None:
    network.is_cut = True
    pool = make()
    with pytest.raises(UnreachableError):
        pool.getconn()
    network.open.clear()

    with ThreadPoolExecutor() as threads:
        asking = threads.submit(pool.getconn)
        wait_until(lambda: waiting(pool) == 1, "it waits")
        for _ in range(3):
            with pytest.raises(UnreachableError):
                pool.getconn()
        assert not asking.done()
        network.is_cut = False
        network.open.set()

        pool.putconn(asking.result())
    assert not pool.is_cut_off


def test_a_busy_pool_is_waited_for(make: Make) -> None:
    pool = make()
    lent = pool.getconn()

    with ThreadPoolExecutor() as threads:
        borrowing = threads.submit(pool.getconn)
        wait_until(lambda: waiting(pool) == 1, "it waits")
        pool.putconn(lent)

        assert borrowing.result() is lent
    pool.putconn(lent)


def test_a_busy_pool_that_cannot_grow_is_waited_for(
    make: Make, network: Network
) -> None:
    pool = make(Pool, max_size=2)
    pool.wait()
    lent = pool.getconn()
    network.is_cut = True
    tried = network.tried

    with ThreadPoolExecutor() as threads:
        borrowing = threads.submit(pool.getconn)
        wait_until(lambda: network.tried > tried, "it has tried to grow")
        pool.putconn(lent)

        assert borrowing.result() is lent
    assert not pool.is_cut_off
    pool.putconn(lent)


def test_a_connection_to_no_database_of_ours_is_not_pooled() -> None:
    other = connection.copy(alias=NO_DB_ALIAS)

    assert other.pool is None  # type: ignore[attr-defined]  # PostgreSQL's has it


@pytest.mark.django_db(transaction=True)
def test_without_its_database_the_service_answers(client: Client) -> None:
    with database_out_of_reach():
        health, ready = client.get("/api/health"), client.get("/api/ready")
        runs = client.get("/api/runs")
    # An attempt that was on its way may still fail, and with it who waits for it.
    wait_until(lambda: client.get("/api/runs").status_code == 200, "it answers again")

    assert health.status_code == 200
    assert ready.status_code == 503
    assert ready.json()["data"]["checks"]["database"] == {
        "ok": False,
        "detail": "the database cannot be reached",
    }
    assert (runs.status_code, runs.json()["code"]) == (503, "storage_unavailable")
