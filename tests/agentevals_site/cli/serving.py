"""Servers to ask without a network: scripted ones, and the real one in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
from django.test import Client

from agentevals_site.cli.server import Server

URL = "http://server.example"
Handler = Callable[[httpx2.Request], httpx2.Response]


def server(handler: Handler) -> Server:
    """Return a server that answers as the function says."""
    return Server(URL, transport=httpx2.MockTransport(handler))


def data(content: Any, status: int = 200) -> httpx2.Response:
    """Return an answer with something under ``data``."""
    return httpx2.Response(status, json={"data": content, "error": None})


def problem(status: int, **fields: Any) -> httpx2.Response:
    """Return an error answer."""
    return httpx2.Response(status, json={"status": status, **fields})


def in_process(client: Client) -> Server:
    """Return this project's API, asked through Django's test client."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        response = client.generic(
            request.method,
            request.url.raw_path.decode(),
            request.content,
            content_type="application/json",
        )
        return httpx2.Response(response.status_code, content=response.getvalue())

    return server(handle)


def sent(request: httpx2.Request) -> Any:
    """Return the JSON that was sent."""
    return json.loads(request.content)
