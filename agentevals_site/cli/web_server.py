"""Daphne, with an end that lets requests finish."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import HTTPFactory
from daphne.server import Server
from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater

from agentevals_site.cli.flow import Flow
from agentevals_site.cli.receiving import BODY, BoundedFactory, FromDisk

Work = Callable[[], Coroutine[Any, Any, None]]
GRACE_S = 10.0
LOOK_S = 0.05


class WebServer(Server):  # type: ignore[misc]  # Daphne has no types
    """A server whose requests are bounded, and answered before it ends.

    Daphne would cancel them: the database may have committed, and the client never hears.
    ``end_streams`` is called first, for the answers that would never end by themselves,
    ``finish`` last, for what is still to be written of those that were cut off.
    """

    @property
    def http_factory(self) -> BoundedFactory:
        """What makes connections."""
        return self._http_factory

    @http_factory.setter
    def http_factory(self, factory: HTTPFactory) -> None:
        """Take the place of the factory that Daphne makes when it runs."""
        self._http_factory = BoundedFactory(self)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Begin to answer a request, whose body stays where it is."""
        if scope["type"] == "http":
            scope[BODY] = protocol.content
            protocol.content.seek(0, os.SEEK_END)
        return super().create_application(protocol, scope)

    def __init__(self, *, end_streams: Work, finish: Work, **options: Any) -> None:
        """Take Daphne's options too."""
        super().__init__(**options)
        self._end_streams = end_streams
        self._finish = finish
        self._flows: dict[Any, Flow] = {}

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Send, and let a streaming application wait for a slow client.

        Daphne would keep in memory whatever the client does not take.
        """
        flow = self._flows.get(protocol)
        if flow is None and message.get("more_body") and self._is_connected(protocol):
            flow = self._flows[protocol] = Flow(protocol)
        if flow is None:
            await super().handle_reply(protocol, message)
            return
        if not message.get("more_body"):
            flow.stop()
        await super().handle_reply(protocol, message)
        await flow.drained.wait()

    def protocol_disconnected(self, protocol: Any) -> None:
        """Forget what was known of a client that has left."""
        super().protocol_disconnected(protocol)
        flow = self._flows.pop(protocol, None)
        if flow is not None:
            flow.drained.set()

    @inlineCallbacks
    def kill_all_applications(self) -> Any:
        """Wait for what is being answered; Twisted waits for the deferred of this."""
        yield Deferred.fromFuture(asyncio.ensure_future(self._end_streams()))
        until = time.monotonic() + GRACE_S
        while self._is_busy() and time.monotonic() < until:
            yield deferLater(reactor, LOOK_S, lambda: None)
        super().kill_all_applications()
        yield Deferred.fromFuture(asyncio.ensure_future(self._finish()))

    def _is_connected(self, protocol: Any) -> bool:
        return "disconnected" not in self.connections.get(protocol, ["disconnected"])

    def _is_busy(self) -> bool:
        answering = (d.get("application_instance") for d in self.connections.values())
        return any(task is not None and not task.done() for task in answering)


def run_server(
    application: Any, *, host: str, port: int, end_streams: Work, finish: Work
) -> None:
    """Serve until SIGINT or SIGTERM."""
    WebServer(
        end_streams=end_streams,
        finish=finish,
        application=FromDisk(application),
        endpoints=build_endpoint_description_strings(host=host, port=port),
        server_name="agentevals",
    ).run()
