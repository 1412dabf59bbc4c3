"""Servers that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.serving import Server


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Return a starter of servers on one storage."""
    servers: list[Server] = []

    def start(*options: str, **settings: str) -> Server:
        servers.append(Server(tmp_path, *options, **settings))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
