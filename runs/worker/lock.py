"""One worker process for one SQLite file.

SQLite takes one writer at a time and does not take turns fairly: with two busy workers
the heartbeats of one can wait longer than its leases.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from runs.errors import WorkerAlreadyRunningError


@contextmanager
def single_worker() -> Iterator[None]:
    """Hold the lock of the SQLite file's worker; PostgreSQL has any number of them.

    The lock is the operating system's: it ends with the process, however that ends.

    Raises:
        WorkerAlreadyRunningError: another process holds it.
    """
    if settings.STORAGE_BACKEND != "sqlite":
        yield
        return
    path = Path(f"{connection.settings_dict['NAME']}.worker.lock")
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WorkerAlreadyRunningError(
                f"another worker process works on this SQLite file (it holds {path})"
                ": SQLite takes one; use AGENTEVALS_STORAGE_BACKEND=postgres for more"
            ) from error
        yield
