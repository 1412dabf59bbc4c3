"""The development server from the wheel."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from agentevals_site.development.postgres import dsn
from agentevals_site.development.server import LOOPBACK, Login, free_port, is_free
from agentevals_site.development.wheel_postgres import WheelPostgres

LOGIN = Login(user="harbour", password="p@ss/word", database="tide gauge")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a folder that another user can reach, which pytest's are not."""
    path = Path(tempfile.mkdtemp(prefix="agentevals-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[WheelPostgres]:
    """Return the server of this module: making one takes seconds."""
    server = WheelPostgres(folder / "state" / "postgres", LOGIN, free_port())
    yield server
    server.down()


def test_server_starts_and_stops_twice_and_keeps_its_data(
    server: WheelPostgres,
) -> None:
    with psycopg.connect(dsn(LOGIN, server.up())) as connection:
        connection.execute("CREATE TABLE gauge (level int)")
    stopped = [server.down(), server.down()]

    with psycopg.connect(dsn(LOGIN, server.up())) as connection:
        count = connection.execute("SELECT count(*) FROM gauge").fetchone()

    assert stopped == [True, False]
    assert count == (0,)


def test_server_that_runs_is_left_running(server: WheelPostgres) -> None:
    port = server.up()

    assert server.up() == port
    assert server.running_port() == port


def test_wrong_password_is_refused(server: WheelPostgres) -> None:
    port = server.up()
    stranger = Login(user="harbour", password="guess", database="tide gauge")

    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(dsn(stranger, port))


def test_role_may_make_databases_and_is_no_superuser(server: WheelPostgres) -> None:
    with psycopg.connect(dsn(LOGIN, server.up())) as connection:
        role = connection.execute(
            "SELECT rolcreatedb, rolsuper FROM pg_roles WHERE rolname = current_user"
        ).fetchone()

    assert role == (True, False)


def test_port_of_somebody_else_is_left_alone(
    folder: Path, server: WheelPostgres
) -> None:
    server.down()

    with socket.create_server((LOOPBACK, 0)) as other:
        taken = other.getsockname()[1]
        port = WheelPostgres(folder / "state" / "postgres", LOGIN, taken).up()

    assert port != taken


def test_file_of_a_server_that_was_killed_does_not_count(tmp_path: Path) -> None:
    port = free_port()
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    lines = [str(os.getpid()), str(data), "0", str(port), "", LOOPBACK, "", "ready"]
    (data / "postmaster.pid").write_text("\n".join(lines))

    server = WheelPostgres(tmp_path / "postgres", LOGIN, port)

    assert is_free(port)
    assert server.running_port() is None
