"""Both servers, each with a database of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx2
import psycopg

from tests.e2e.serving import free_port, wait_until
from tests.parity.exchange import Request, ask
from tests.postgres import database_url

PEER = "agentevals-cli[postgres]==0.8.1"


def install_peer(folder: Path) -> Path:
    """Return the peer's command; it is installed once, into an environment of its own."""
    command = folder / "bin" / "agentevals"
    if not command.exists():
        print(f"Installing {PEER} into {folder}")
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", PEER]
        subprocess.run(pip, check=True)
    return command


@contextmanager
def peer_server(command: Path, log: Path) -> Iterator[str]:
    """Serve the peer on PostgreSQL; yield its address."""
    port, http, grpc = free_port(), free_port(), free_port()
    options = ["serve", "--headless", "--host", "127.0.0.1", "--port", str(port)]
    options += ["--otlp-http-port", str(http), "--otlp-grpc-port", str(grpc)]
    with _database("parity_peer") as url, _served([str(command), *options], url, log):
        yield _ready(port)


@contextmanager
def our_server(log: Path) -> Iterator[str]:
    """Serve us on PostgreSQL; yield our address."""
    port = free_port()
    command = str(Path(sys.executable).with_name("agentevals"))
    options = ["serve", "--port", str(port)]
    with _database("parity_ours") as url, _served([command, *options], url, log):
        yield _ready(port)


@contextmanager
def _served(command: list[str], url: str, log: Path) -> Iterator[None]:
    own = {k: v for k, v in os.environ.items() if not k.startswith("AGENTEVALS_")}
    settings = {
        "AGENTEVALS_STORAGE_BACKEND": "postgres",
        "AGENTEVALS_DATABASE_URL": url,
        "AGENTEVALS_STATE_DIR": str(log.parent),
    }
    with log.open("w") as file:
        process = subprocess.Popen(
            command, env={**own, **settings}, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _ready(port: int) -> str:
    base = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return ask(base, Request("GET", "/api/health")).status == 200
        except httpx2.TransportError:
            return False

    wait_until(answers)
    return base


@contextmanager
def _database(name: str) -> Iterator[str]:
    parts = urlsplit(database_url())
    admin = urlunsplit(parts)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
