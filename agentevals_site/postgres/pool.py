"""A pool of connections that tells busy from cut off.

Who asks a pool that is busy waits in line for a connection. Who asks one whose database is
away would wait as long, and in vain: here it hears so as soon as the pool knows.

``psycopg_pool`` has no hook for a connection that cannot be made and no way to send those
home who wait: this reaches into it for both, and ``tests/agentevals_site/test_pool.py``
tells when its inside has changed.
"""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg_pool import ConnectionPool

Connection = psycopg.Connection[Any]

# A server that is started anew takes about a second, which is worth waiting for.
PATIENCE_S = 2.0
# What takes longer to connect, to be acknowledged or to say hello is not there.
SILENCE_S = 3
REFUSAL = "the database cannot be reached"


class UnreachableError(psycopg.OperationalError):
    """There is no database to connect to."""


def check(connection: Connection, patience_s: float) -> None:
    """Ask for nothing and wait for the answer.

    psycopg waits for ever, which a frozen server and a broken tunnel make long.

    Raises:
        psycopg.OperationalError: there is none; the connection is closed.
    """
    server, until = connection.pgconn, time.monotonic() + patience_s
    try:
        answers = select.poll()
        answers.register(server.socket, select.POLLIN)
        server.send_query(b"")
        while server.flush() or server.is_busy():
            left = max(0.0, until - time.monotonic())
            if not answers.poll(1000 * left):
                raise UnreachableError("the database does not answer")
            server.consume_input()
        while (result := server.get_result()) is not None:
            if result.status != ExecStatus.EMPTY_QUERY:
                raise UnreachableError("the database ends the connection")
    except psycopg.OperationalError:
        connection.close()
        raise


class Pool(ConnectionPool[Connection]):
    """Fails early while no connection can be made, and none that is lent works."""

    # When something worked last, and since when nothing does; None while all is well.
    # Many threads write them without a lock: they only ever tell what somebody saw.
    _worked_at = 0.0
    _failing_since: float | None = None
    patience_s = PATIENCE_S

    @property
    def is_cut_off(self) -> bool:
        """Whether the database has been away for longer than is worth waiting for."""
        since = self._failing_since
        return since is not None and time.monotonic() - since >= self.patience_s

    def getconn(self, timeout: float | None = None) -> Connection:
        """Lend a connection that works.

        Raises:
            UnreachableError: there is no database; one thread at a time waits for it.
            PoolTimeout: all connections were lent for too long.
        """
        until = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            if self.is_cut_off and self.get_stats()["requests_waiting"]:
                raise UnreachableError(REFUSAL)
            connection = super().getconn(until - time.monotonic())
            if self._works(connection):
                return connection
            self.putconn(connection)  # which throws it away
            if self.is_cut_off:
                raise UnreachableError(REFUSAL)

    def putconn(self, conn: Connection) -> None:
        """Take a connection back; one that is in order shows that the database is there."""
        if conn.info.transaction_status == TransactionStatus.IDLE:
            self._has_worked()
        super().putconn(conn)

    def reconnect_failed(self) -> None:
        """Send those home, too, who came just before a connection was given up."""
        super().reconnect_failed()
        if self.is_cut_off:
            self._send_home()

    def _works(self, connection: Connection) -> bool:
        asked = time.monotonic()
        try:
            check(connection, SILENCE_S)
        except psycopg.Error:
            # The first to notice: the others in the pool are as dead, and to find each of
            # them out may take seconds.
            if self._failing_since is None:
                self.drain()
            self._has_failed(asked)
            return False
        self._has_worked()
        return True

    def _connect(self, timeout: float | None = None) -> Connection:
        asked = time.monotonic()
        try:
            connection = super()._connect(timeout)
        except psycopg.Error:
            self._has_failed(asked)
            raise
        self._has_worked()
        return connection

    def _has_worked(self) -> None:
        self._worked_at = time.monotonic()
        self._failing_since = None

    def _has_failed(self, asked: float) -> None:
        """Note a failure, unless something that was asked for later has worked."""
        if self._failing_since is None and asked >= self._worked_at:
            self._failing_since = asked
        if self.is_cut_off:
            self._send_home()

    def _send_home(self) -> None:
        """Tell those who wait that they wait in vain."""
        with self._lock:
            waiting = list(self._waiting)
            self._waiting.clear()
        for each in waiting:
            each.fail(UnreachableError(REFUSAL))
