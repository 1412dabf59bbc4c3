"""A pytest plugin that chooses the storage before Django reads its settings.

Loaded with ``-p`` because settings are read when they are first imported.
``AGENTEVALS_TEST_BACKEND`` is ``postgres`` (default) or ``sqlite``.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.postgres import database_url

BACKEND = os.environ.get("AGENTEVALS_TEST_BACKEND", "postgres")
STATE_DIR = Path(tempfile.mkdtemp(prefix="agentevals-tests-"))


def _choose() -> None:
    for name in [name for name in os.environ if name.startswith("AGENTEVALS_")]:
        if name != "AGENTEVALS_TEST_BACKEND":
            del os.environ[name]  # a developer's own settings must not decide a test
    os.environ["AGENTEVALS_STATE_DIR"] = str(STATE_DIR)
    os.environ["AGENTEVALS_STORAGE_BACKEND"] = BACKEND
    # Times that tests can wait for.
    os.environ["AGENTEVALS_HEARTBEAT_S"] = "1"
    os.environ["AGENTEVALS_LEASE_S"] = "3"
    os.environ["AGENTEVALS_SECRET_KEY"] = "only-for-tests"
    if BACKEND == "postgres":
        os.environ["AGENTEVALS_DATABASE_URL"] = database_url()


_choose()
