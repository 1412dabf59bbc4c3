"""Other queues, each in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import psycopg

SCRIPTS = Path(__file__).parent / "peers"


class Kind(NamedTuple):
    """A queue: what to install, the script that drives it, and what counts as ended."""

    requirements: tuple[str, ...]
    script: str
    ended: str


PEERS = (
    Kind(
        ("procrastinate==3.10.0", "psycopg[binary,pool]==3.3.9"),
        "drain_procrastinate.py",
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'",
    ),
    Kind(
        (
            "django-tasks-db==0.13.0",
            "django-tasks==0.12.0",
            "django==5.2.19",
            "psycopg[binary]==3.3.9",
        ),
        "drain_django_tasks_db.py",
        "SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = 'SUCCESSFUL'",
    ),
    Kind(
        ("agentevals-cli[postgres]==0.8.1",),
        "drain_agentevals_cli.py",
        "SELECT count(*) FROM agentevals.run WHERE status = 'succeeded'",
    ),
)


class Peer:
    """A queue that is installed."""

    def __init__(self, kind: Kind, folder: Path) -> None:
        """Install it; pip says by itself what goes wrong."""
        self.name = kind.requirements[0]
        self._kind = kind
        self._python = folder / kind.script / "bin" / "python"
        subprocess.run(
            [sys.executable, "-m", "venv", str(folder / kind.script)], check=True
        )
        install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([self._python, *install, *kind.requirements], check=True)

    def drain(self, url: str, backlog: int, ended: int) -> float:
        """Return the jobs a second that have ended in the database.

        The script fills the queue, works until ``ended`` jobs were done and says how many
        seconds the work took; what it says of the number is not believed.
        """
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AGENTEVALS_")}
        kept.pop("DJANGO_SETTINGS_MODULE", None)
        done = subprocess.run(
            [
                str(self._python),
                str(SCRIPTS / self._kind.script),
                url,
                str(backlog),
                str(min(backlog, ended)),
            ],
            env=kept,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.stderr.write(f"{self.name} failed:\n{done.stderr[-2_000:]}\n")
            return 0.0
        seconds: float = json.loads(done.stdout.splitlines()[-1])
        with psycopg.connect(url) as connection:
            row = connection.execute(self._kind.ended).fetchone()
        return (row[0] if row else 0) / seconds
