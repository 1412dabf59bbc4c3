"""Without storage: what needs none works, and no request touches a database.

The tests here have no database: one that is opened is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

RUN_ID = UUID(int=7)
METHODS = ("get", "post", "patch", "delete")
HINT = "AGENTEVALS_STORAGE_BACKEND=postgres"


def paths_below(
    entries: list[URLPattern | URLResolver], prefix: str = "/"
) -> Iterator[str]:
    """Yield an example of every path of the URL configuration."""
    for entry in entries:
        here = prefix + str(entry.pattern).lstrip("^").removesuffix("$")
        if isinstance(entry, URLResolver):
            yield from paths_below(entry.url_patterns, here)
        else:
            filled = re.sub(r"\(\?P<\w+>[^)]*\)", str(RUN_ID), here)
            yield filled.replace("/?", "").replace("\\Z", "")


RUN_PATHS = sorted(
    {
        path
        for path in paths_below(get_resolver().url_patterns)
        if path.startswith(("/api/runs", "/api/results"))
    }
)


@pytest.fixture(autouse=True)
def _memory(settings: Settings) -> None:
    settings.DURABLE = False


def ask(client: Client, method: str, path: str) -> Any:
    """Send a request whose body is an empty object."""
    if method == "get":
        return client.get(path)
    return getattr(client, method)(path, b"{}", content_type="application/json")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", RUN_PATHS)
def test_a_run_endpoint_says_what_to_set(
    client: Client, path: str, method: str
) -> None:
    response = ask(client, method, path)

    # What is wrong with the request itself is said first, as the contract has it.
    assert response.status_code in {503, 422, 405}, response.content
    if response.status_code == 503:
        assert HINT in response.json()["detail"]
        assert response.json()["code"] == "storage_not_configured"


@pytest.mark.parametrize("path", RUN_PATHS)
def test_every_run_endpoint_has_a_method_that_needs_storage(
    client: Client, path: str
) -> None:
    statuses = {ask(client, method, path).status_code for method in METHODS}

    assert statuses & {503, 422}


@pytest.mark.parametrize(
    "path",
    ["/", "/api/health", "/api/ready", "/api/config", "/api/metrics", "/metrics"],
)
def test_what_needs_no_storage_works(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200
