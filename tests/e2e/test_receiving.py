"""The server bounds what it receives, whatever a client declares."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.serving import Server

MEBIBYTE = 1024 * 1024
JSON_LIMIT = 50 * MEBIBYTE
FORM = "multipart/form-data; boundary=b"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server without storage that all tests here speak to."""
    running = Server(
        tmp_path_factory.mktemp("receiving"),
        AGENTEVALS_STORAGE_BACKEND="memory",
        AGENTEVALS_MAX_UPLOAD_MB="60",
    )
    yield running
    running.close()


def pieces(length: int) -> Iterator[bytes]:
    """Yield a body without ever having it in memory."""
    for _ in range(length // MEBIBYTE):
        yield b" " * MEBIBYTE
    yield b" " * (length % MEBIBYTE)


def send(
    server: Server, length: int, *, declared: bool, content_type: str
) -> tuple[int, Any]:
    """Send a body of spaces, chunked or with its length; return status and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Content-Type": content_type}
    if declared:
        headers["Content-Length"] = str(length)
    try:
        connection.request(
            "POST", "/api/runs", pieces(length), headers, encode_chunked=not declared
        )
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
@pytest.mark.parametrize(
    ("limit", "content_type"),
    [(JSON_LIMIT, "application/json"), (60 * MEBIBYTE, FORM)],
    ids=["json", "form"],
)
def test_a_body_over_the_limit_is_refused_with_the_limit(
    server: Server, limit: int, content_type: str, *, declared: bool
) -> None:
    status, answer = send(
        server, limit + 1, declared=declared, content_type=content_type
    )

    assert status == 413
    assert answer["detail"] == f"Request body exceeds {limit // MEBIBYTE}MB limit"
    assert answer["code"] == "body_too_large"


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "chunked"])
def test_a_body_of_exactly_the_limit_is_read(server: Server, *, declared: bool) -> None:
    status, _ = send(
        server, JSON_LIMIT, declared=declared, content_type="application/json"
    )

    assert status == 422


def test_memory_stays_flat_whatever_is_sent(server: Server) -> None:
    folder = Path(f"/proc/{server.process.pid}")
    (folder / "clear_refs").write_text("5")  # forgets the peak so far
    before = peak_memory(folder)

    send(server, 400 * MEBIBYTE, declared=False, content_type=FORM)

    assert peak_memory(folder) < before + 20 * MEBIBYTE


def peak_memory(folder: Path) -> int:
    """Return the most memory that a process had, in bytes."""
    status = (folder / "status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def test_the_connection_of_a_refused_request_is_closed_and_the_next_is_served(
    server: Server,
) -> None:
    send(server, JSON_LIMIT + 1, declared=True, content_type="application/json")

    assert server.call("GET", "/api/health")[0] == 200


def test_a_client_that_waits_for_leave_to_send_is_told_at_once(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("POST", "/api/runs")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(JSON_LIMIT + 1))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()

    response = connection.getresponse()

    assert response.status == 413
    connection.close()
