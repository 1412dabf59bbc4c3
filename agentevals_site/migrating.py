"""Migrations: under one lock, into one schema, refused when the code is behind."""

from __future__ import annotations

import fcntl
import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    OperationalError,
    connections,
)
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

logger = logging.getLogger(__name__)

HEARTBEAT = "heartbeat"
# The applications whose tables the service made; others' migrations are Django's.
OURS = ("runs", "results")
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 2.0


def prepare_database() -> None:
    """Bring the database to the state that the code needs, or refuse to start.

    Raises:
        CommandError: the database stays away or busy, is behind and must not be
            migrated (``AGENTEVALS_AUTO_MIGRATE=false``), or is ahead of the code.
    """
    # Not through the pool: it would hide the server's own words behind a time-out.
    wait_for(connections[HEARTBEAT])
    connection = connections[DEFAULT_DB_ALIAS]
    refuse_newer_database()
    if settings.AUTO_MIGRATE:
        logger.info("Applying any pending migrations to %s", _place())
        call_command("migrate", verbosity=0, interactive=False)
    pending = pending_migrations()
    if pending:
        raise CommandError(
            f"{len(pending)} migration(s) are not applied ({', '.join(pending)}) and "
            "AGENTEVALS_AUTO_MIGRATE is false: run `agentevals migrate` first"
        )
    connection.close()


def pending_migrations() -> list[str]:
    """Return the names of migrations that the database lacks, without changing it."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def refuse_newer_database() -> None:
    """Let code that does not know the tables leave them alone.

    Raises:
        CommandError: a migration is applied that this version does not have.
    """
    loader = MigrationExecutor(connections[DEFAULT_DB_ALIAS]).loader
    known = loader.disk_migrations or {}
    replaced = {old for migration in known.values() for old in migration.replaces}
    unknown = sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations or ()
        if app in OURS and (app, name) not in known.keys() | replaced
    )
    if unknown:
        raise CommandError(
            f"the database is ahead of this version, which does not know "
            f"{', '.join(unknown)}: install the version that applied it, or roll it back "
            "there with `agentevals migrate down`"
        )


def roll_back_one() -> str | None:
    """Undo the newest migration of ours; returns its name, None when there is none."""
    recorder = MigrationRecorder(connections[DEFAULT_DB_ALIAS])
    if not recorder.has_table():
        return None
    ours = recorder.migration_qs.filter(app__in=OURS)
    newest = ours.order_by("-applied", "-id").first()
    if newest is None:
        return None
    before = ours.filter(app=newest.app, id__lt=newest.id).order_by("-id").first()
    target = before.name if before else "zero"
    call_command("migrate", newest.app, target, verbosity=0, interactive=False)
    return f"{newest.app}.{newest.name}"


def applied_migrations() -> dict[str, str]:
    """Return the newest applied migration of each application."""
    recorder = MigrationRecorder(connections[DEFAULT_DB_ALIAS])
    return dict(sorted(recorder.applied_migrations()))


def wait_for(connection: BaseDatabaseWrapper) -> None:
    """Wait until the database takes connections, for AGENTEVALS_DB_CONNECT_TIMEOUT_S.

    Raises:
        CommandError: it does not in time, or refuses the login.
    """
    until = time.monotonic() + settings.DB_CONNECT_TIMEOUT_S
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            connection.ensure_connection()
        except DatabaseError as error:
            if _is_final(error) or time.monotonic() + pause_s > until:
                raise CommandError(
                    f"cannot connect to the database: {error}"
                ) from error
            logger.info("waiting for the database: %s", str(error).splitlines()[0])
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        else:
            connection.close()
            return


def _is_final(error: DatabaseError) -> bool:
    """Whether waiting cannot help: a wrong password stays wrong, a text file no database."""
    if not isinstance(error, OperationalError):
        return True
    final = ("authentication failed", "does not exist", "no pg_hba.conf entry")
    return any(text in str(error) for text in final)


@contextmanager
def migration_lock(alias: str) -> Iterator[None]:
    """Hold the migration lock of this schema (PostgreSQL) or file (SQLite).

    Raises:
        CommandError: somebody else held it for AGENTEVALS_MIGRATE_LOCK_TIMEOUT.
    """
    connection = connections[alias]
    if connection.vendor == "postgresql":
        with _advisory_lock(connection):
            yield
    else:
        with _file_lock(connection):
            yield


@contextmanager
def _advisory_lock(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Take the session's lock and make the schema, which Django does not."""
    schema = settings.DATABASE_SCHEMA
    digest = hashlib.sha256(f"agentevals migrations {schema}".encode()).digest()
    key = int.from_bytes(digest[:8], signed=True)
    with connection.cursor() as cursor:

        def take() -> bool:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
            return bool(cursor.fetchone()[0])

        _wait_for_lock(take)
        try:
            name = connection.ops.quote_name(schema)
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {name}")
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


@contextmanager
def _file_lock(connection: BaseDatabaseWrapper) -> Iterator[None]:
    path = Path(f"{connection.settings_dict['NAME']}.migrate.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:

        def take() -> bool:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        _wait_for_lock(take)
        yield


def _wait_for_lock(take: Callable[[], bool]) -> None:
    until = time.monotonic() + settings.MIGRATE_LOCK_TIMEOUT_S
    pause_s = FIRST_PAUSE_S
    while not take():
        if time.monotonic() + pause_s > until:
            raise CommandError(
                "another process holds the migration lock since "
                f"AGENTEVALS_MIGRATE_LOCK_TIMEOUT ({settings.MIGRATE_LOCK_TIMEOUT_S} s)"
            )
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _place() -> str:
    if settings.STORAGE_BACKEND == "postgres":
        return f"schema '{settings.DATABASE_SCHEMA}'"
    return f"{settings.SQLITE_PATH}"
