"""Break everything that can break under load: ``python -m tests.chaos [--seconds 60]``.

Prints what was done and what became of it; exits with 1 if a promise was broken.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import django
from django.core.management import call_command

from tests.chaos.server import ChaosPostgres


def main() -> int:
    """Run for the given time and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))  # noqa: S311
    said = parser.parse_args()
    # So that ``timeout`` and CI leave no server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="agentevals-chaos-"))
    server = ChaosPostgres(folder / "postgres")
    try:
        prepare(server.start(), folder)
        from tests.chaos.chaos import Chaos

        chaos = Chaos(folder, server, workers=said.workers, seed=said.seed)
        sys.stdout.write(f"seed {said.seed}\n")
        return chaos.run(said.seconds)
    finally:
        server.down()
        shutil.rmtree(folder, ignore_errors=True)


def prepare(url: str, folder: Path) -> None:
    """Point the settings at the server and make the tables."""
    for name in [name for name in os.environ if name.startswith("AGENTEVALS_")]:
        del os.environ[name]
    os.environ["AGENTEVALS_STORAGE_BACKEND"] = "postgres"
    os.environ["AGENTEVALS_DATABASE_URL"] = url
    os.environ["AGENTEVALS_STATE_DIR"] = str(folder)
    os.environ["AGENTEVALS_SECRET_KEY"] = "only-for-tests"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentevals_site.settings")
    django.setup()
    logging.getLogger("runs").setLevel(logging.ERROR)
    call_command("migrate", verbosity=0)
    from tests.runs import guards

    guards.install()


if __name__ == "__main__":
    sys.exit(main())
