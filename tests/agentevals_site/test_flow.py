"""An application that streams waits for its client."""

from __future__ import annotations

import asyncio
from typing import Any

from agentevals_site.cli.web_server import WebServer


class Client:
    """A connection whose buffer the test fills and empties."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.producer: Any = None

    def registerProducer(self, producer: Any, streaming: bool) -> None:  # noqa: N802
        self.producer = producer

    def unregisterProducer(self) -> None:  # noqa: N802
        self.producer = None

    def handle_reply(self, message: dict[str, Any]) -> None:
        self.sent.append(message["body"])


async def nothing() -> None:
    """End no streams, finish nothing."""


def serving(client: Client) -> WebServer:
    server = WebServer(
        end_streams=nothing, finish=nothing, application=None, endpoints=["tcp:0"]
    )
    server.connections = {client: {}}
    return server


def body(text: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": text, "more_body": more}


async def test_a_client_that_keeps_up_is_not_waited_for() -> None:
    client = Client()
    server = serving(client)

    await server.handle_reply(client, body(b"1"))
    await server.handle_reply(client, body(b"2"))

    assert client.sent == [b"1", b"2"]


async def test_sending_waits_while_the_client_s_buffer_is_full() -> None:
    client = Client()
    server = serving(client)
    await server.handle_reply(client, body(b"1"))
    client.producer.pauseProducing()

    sending = asyncio.create_task(server.handle_reply(client, body(b"2")))
    await asyncio.sleep(0)
    waits = not sending.done()
    client.producer.resumeProducing()
    await sending

    assert waits
    assert client.sent == [b"1", b"2"]


async def test_a_client_that_leaves_is_not_waited_for_and_forgotten() -> None:
    client = Client()
    server = serving(client)
    await server.handle_reply(client, body(b"1"))
    client.producer.pauseProducing()
    sending = asyncio.create_task(server.handle_reply(client, body(b"2")))
    await asyncio.sleep(0)

    server.protocol_disconnected(client)
    await sending
    await server.handle_reply(client, body(b"3"))

    assert client.sent == [b"1", b"2"]
    assert server._flows == {}


async def test_the_end_of_an_answer_is_the_end_of_its_flow() -> None:
    client = Client()
    server = serving(client)
    await server.handle_reply(client, body(b"1"))

    await server.handle_reply(client, body(b"", more=False))

    assert client.producer is None


async def test_an_answer_in_one_piece_needs_no_flow() -> None:
    client = Client()
    server = serving(client)

    await server.handle_reply(client, body(b"all", more=False))

    assert client.producer is None
    assert server._flows == {}
