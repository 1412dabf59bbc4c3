"""A server to talk to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.runs.http_server import HttpServer


@pytest.fixture
def server() -> Iterator[HttpServer]:
    """Return a server on loopback."""
    server = HttpServer()
    yield server
    server.close()
