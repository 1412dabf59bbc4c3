"""Starting workers in processes of their own, and waiting for what they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import msgspec
import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

from runs.models import Run
from runs.worker.settings import WorkerSettings

PROJECT = Path(__file__).resolve().parents[2]
# Long enough for a slow machine; nothing waits longer than it must.
PATIENCE_S = 30.0
LOOK_S = 0.02


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Look again and again until it is so.

    Raises:
        AssertionError: it is not so in time.
    """
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, f"waited {PATIENCE_S} s in vain until {what}"
        time.sleep(LOOK_S)


def has_status(run: Run, *statuses: str) -> Callable[[], bool]:
    """Return a look at what is stored of a run."""
    return lambda: Run.objects.filter(pk=run.pk, status__in=statuses).exists()


def environment() -> dict[str, str]:
    """Return the environment of a process that works on the test's database."""
    name = str(connection.settings_dict["NAME"])
    given = dict(os.environ)
    if settings.STORAGE_BACKEND == "sqlite":
        return given | {"AGENTEVALS_SQLITE_PATH": name}
    url = urlsplit(given["AGENTEVALS_DATABASE_URL"])
    return given | {
        "AGENTEVALS_DATABASE_URL": urlunsplit(url._replace(path=f"/{name}"))
    }


@contextmanager
def full_disk() -> Iterator[None]:
    """Let PostgreSQL refuse every result, as it does when it cannot extend a file."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE 'could not extend file: No space left on device' "
            "USING ERRCODE = 'disk_full'; END $$; "
            "CREATE TRIGGER full_disk BEFORE INSERT ON result "
            "FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION full_disk() CASCADE")


@contextmanager
def database_out_of_reach() -> Iterator[None]:
    """Cut all connections to the test's database and allow no new ones (PostgreSQL)."""
    params = dict(connection.get_connection_params())
    name = params.pop("dbname")
    for option in ("pool", "context", "cursor_factory", "prepare_threshold", "options"):
        params.pop(option, None)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's has it
    with psycopg.connect(**params, dbname="postgres", autocommit=True) as server:
        allow = sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {}")
        server.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        try:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = %s",
                [name],
            )
            yield
        finally:
            server.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


class WorkerProcess:
    """One worker and the folder where its evaluators leave their traces."""

    def __init__(self, folder: Path, evaluator: str, settings: WorkerSettings) -> None:
        """Start the worker."""
        self.folder = folder
        folder.mkdir()
        command = (sys.executable, "-m", "tests.worker.evaluators", evaluator)
        settings = msgspec.structs.replace(settings, command=(*command, str(folder)))
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.worker.process",
                    msgspec.json.encode(settings).decode(),
                ],
                cwd=PROJECT,
                env=environment()
                | {"DJANGO_SETTINGS_MODULE": "agentevals_site.settings"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        """What the worker has logged."""
        return self._log.read_text(errors="replace")

    @property
    def evaluators(self) -> list[int]:
        """The processes that have begun a job."""
        return [int(path.stem) for path in self.folder.glob("*.begun")]

    def slow_down(self) -> None:
        """Let the evaluators wait for the gate from now on."""
        (self.folder / "slow").touch()

    def open_gate(self) -> None:
        """Let the evaluators go on."""
        (self.folder / "open").touch()

    def wait_for_evaluators(self, count: int = 1) -> None:
        """Wait until that many have begun."""
        wait_until(lambda: len(self.evaluators) >= count, f"{count} evaluators began")

    def send(self, number: signal.Signals) -> None:
        """Send the worker a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End the worker as the kernel does when memory is short."""
        self.process.kill()
        self.process.wait()

    def wait(self) -> int:
        """Wait for the worker's end; returns its exit status."""
        return self.process.wait(timeout=PATIENCE_S)

    def close(self) -> None:
        """End what is left."""
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.kill()


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not reaped does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}
