"""A PostgreSQL for development: in Docker where an engine answers, else from a wheel.

``python -m agentevals_site.development.postgres up|down|dsn``. Only the DSN goes to
stdout, so that a shell can take it.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from urllib.parse import quote

import click
import psycopg

from agentevals_site.development.docker_postgres import DockerPostgres, docker_answers
from agentevals_site.development.server import Login, Server
from agentevals_site.development.wheel_postgres import WheelPostgres

READY_TIMEOUT_S = 60.0
LOOK_S = 0.2


def login_from_environment() -> Login:
    """Read whom and what the server is for; the same names as the Makefile's."""
    return Login(
        user=os.environ.get("PG_USER", "agentevals"),
        password=os.environ.get("PG_PASSWORD", "agentevals"),
        database=os.environ.get("PG_DATABASE", "agentevals"),
    )


def choose_server(state_dir: Path) -> Server:
    """Return the server to use: a running one first, then Docker's, then the wheel's."""
    port = int(os.environ.get("PG_PORT", "5432"))
    login = login_from_environment()
    wheel = WheelPostgres(state_dir / "postgres", login, port)
    if wheel.running_port() is not None or not docker_answers():
        return wheel
    container = os.environ.get("PG_CONTAINER", "agentevals-pg")
    return DockerPostgres(container, login, port)


def dsn(login: Login, port: int) -> str:
    """Return the URL of the database."""
    secret = f"{quote(login.user, safe='')}:{quote(login.password, safe='')}"
    return f"postgres://{secret}@127.0.0.1:{port}/{quote(login.database, safe='')}"


def wait_until_ready(url: str) -> None:
    """Wait until the database takes a login.

    Raises:
        click.ClickException: it does not in time, or another server answers.
    """
    until = time.monotonic() + READY_TIMEOUT_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                raise click.ClickException(
                    f"PostgreSQL is not ready: {error}"
                ) from error
            time.sleep(LOOK_S)
        else:
            return


@click.group()
def postgres() -> None:
    """Start and stop a PostgreSQL for development."""


@postgres.command()
def up() -> None:
    """Start the server unless it runs, wait until it is ready, print its DSN."""
    server = choose_server(_state_dir())
    url = dsn(server.login, server.up())
    wait_until_ready(url)
    click.echo(f"PostgreSQL is up: {server.name}", err=True)
    click.echo(url)


@postgres.command()
def down() -> None:
    """Stop the server; its data stays."""
    server = choose_server(_state_dir())
    stopped = server.down()
    click.echo(f"{'Stopped' if stopped else 'Not running'}: {server.name}", err=True)


@postgres.command(name="dsn")
def print_dsn() -> None:
    """Print the DSN of the running server."""
    server = choose_server(_state_dir())
    port = server.running_port()
    if port is None:
        raise click.ClickException("no PostgreSQL is running: start it with make pg-up")
    click.echo(dsn(server.login, port))


def _state_dir() -> Path:
    return Path(os.environ.get("AGENTEVALS_STATE_DIR") or ".agentevals").resolve()


if __name__ == "__main__":
    postgres()
