"""The HTTP client against a real server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.egress.client import Client, Reply
from runs.egress.errors import (
    DestinationRefusedError,
    EgressError,
    UnreachableError,
)
from runs.egress.policy import Address, AddressPolicy
from tests.runs.http_server import HttpServer, Script

LOCAL = AddressPolicy.parse(["127.0.0.1"])


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client(LOCAL)
    yield client
    client.close()


def get(
    client: Client, url: str, *, timeout_s: float = 5, max_bytes: int = 1000
) -> Reply:
    return client.call(
        "GET", url, headers={"X-Mine": "1"}, timeout_s=timeout_s, max_bytes=max_bytes
    )


def test_an_answer_comes_back_whole(server: HttpServer, client: Client) -> None:
    server.script = [Script(status=201, body=b"hello", headers={"X-Theirs": "2"})]

    reply = get(client, f"{server.url}/a?b=c")

    assert (reply.status, reply.body, reply.is_cut) == (201, b"hello", False)
    assert reply.headers["x-theirs"] == "2"
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/a?b=c")
    assert request.headers["X-Mine"] == "1"


def test_a_connection_is_used_again(server: HttpServer, client: Client) -> None:
    get(client, server.url)
    get(client, server.url)

    assert len({request.peer for request in server.requests}) == 1


def test_a_long_answer_is_cut(server: HttpServer, client: Client) -> None:
    server.script = [Script(body=b"x" * 5000)]

    reply = get(client, server.url, max_bytes=100)

    assert (reply.body, reply.is_cut) == (b"x" * 100, True)


def test_a_redirect_is_an_answer_and_not_followed(
    server: HttpServer, client: Client
) -> None:
    server.script = [Script(status=302, headers={"Location": f"{server.url}/next"})]

    assert get(client, server.url).status == 302
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "script",
    [Script(pause_s=5), Script(body=b"x" * 50, trickle_s=0.05)],
    ids=["silence", "a trickle"],
)
def test_an_answer_that_takes_too_long_is_given_up(
    server: HttpServer, client: Client, script: Script
) -> None:
    server.script = [script]

    with pytest.raises(UnreachableError):
        get(client, server.url, timeout_s=0.3)


def test_a_header_that_cannot_be_sent_is_not_repeated(
    server: HttpServer, client: Client
) -> None:
    with pytest.raises(EgressError) as caught:
        client.call(
            "GET", server.url, headers={"X": "hunter2\n"}, timeout_s=5, max_bytes=1
        )

    assert not caught.value.transient
    assert "hunter2" not in str(caught.value)


def test_a_port_that_nobody_listens_on_is_unreachable(client: Client) -> None:
    with pytest.raises(UnreachableError):
        get(client, "http://127.0.0.1:9/")


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    def resolve(host: str, port: int) -> list[Address]:
        raise OSError("no such name")

    with pytest.raises(UnreachableError, match="no such name"):
        get(Client(LOCAL, resolve=resolve), "http://nowhere.test/")


def test_a_name_that_leads_inside_is_refused_at_the_connection(
    server: HttpServer,
) -> None:
    inside = [ip_address("127.0.0.1")]
    client = Client(AddressPolicy(), resolve=lambda host, port: inside)

    with pytest.raises(DestinationRefusedError, match="AGENTEVALS_ALLOWED_PRIVATE"):
        get(client, f"http://harmless.test:{server.port}/")

    assert server.requests == []


@given(
    host=st.sampled_from(["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "localhost"])
)
@settings(max_examples=5, deadline=None)
def test_odd_spellings_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises(EgressError):
        get(Client(AddressPolicy()), f"http://{host}:1/")


def test_only_the_allowed_addresses_of_a_name_are_tried(server: HttpServer) -> None:
    mixed = [ip_address("10.255.255.1"), ip_address("127.0.0.1")]
    client = Client(LOCAL, resolve=lambda host, port: mixed)

    assert get(client, f"http://mixed.test:{server.port}/").status == 200
    client.close()
