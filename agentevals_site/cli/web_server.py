"""Daphne, with an end that lets requests finish."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from io import BytesIO
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import HTTPFactory
from daphne.server import Server
from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.task import deferLater

from agentevals_site.cli.flow import Flow
from agentevals_site.cli.receiving import BoundedFactory
from agentevals_site.handler import BODY

Work = Callable[[], Coroutine[Any, Any, None]]
GRACE_S = 10.0
# For the answers of those that were told to end.
ANSWERING_S = 2.0
LOOK_S = 0.05
STOPPED = "The server was stopped before this was answered."


class WebServer(Server):  # type: ignore[misc]  # Daphne has no types
    """A server whose requests are bounded, and answered before it ends.

    Daphne would cancel them: the database may have committed, and the client never hears.
    ``end_streams`` is called first, for the answers that would never end by themselves,
    ``finish`` after the grace period, to end what is still worked on: its clients hear so.
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
        """Begin to answer a request, whose body is handed over as the file that it is.

        Daphne would put all of it in a queue.
        """
        if scope["type"] == "http":
            scope[BODY], protocol.content = protocol.content, BytesIO()
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
        yield self._wait_for_answers(GRACE_S)
        yield Deferred.fromFuture(asyncio.ensure_future(self._finish()))
        yield self._wait_for_answers(ANSWERING_S)
        for protocol in self._answering():
            cut_off(protocol)
        yield self._wait_for_answers(ANSWERING_S)

    @inlineCallbacks
    def _wait_for_answers(self, patience_s: float) -> Any:
        until = time.monotonic() + patience_s
        while self._answering() and time.monotonic() < until:
            yield deferLater(reactor, LOOK_S, lambda: None)
        yield deferLater(reactor, LOOK_S, lambda: None)  # what was said goes out

    def _is_connected(self, protocol: Any) -> bool:
        return "disconnected" not in self.connections.get(protocol, ["disconnected"])

    def _answering(self) -> list[Any]:
        """Return the requests that are worked on."""
        tasks = [
            (protocol, details.get("application_instance"))
            for protocol, details in self.connections.items()
        ]
        return [protocol for protocol, task in tasks if task and not task.done()]


def cut_off(protocol: Any) -> None:
    """Say that there will be no answer, if none has begun.

    The application hears that its client has left, for only then Django ends a view: when
    Daphne cancels it, the view goes on.
    """
    if protocol._response_started:
        protocol.send_disconnect()
    else:
        protocol.basic_error(503, b"Service Unavailable", STOPPED)


def run_server(
    application: Any, *, host: str, port: int, end_streams: Work, finish: Work
) -> None:
    """Serve until SIGINT or SIGTERM."""
    WebServer(
        end_streams=end_streams,
        finish=finish,
        application=application,
        endpoints=build_endpoint_description_strings(host=host, port=port),
        server_name="agentevals",
    ).run()
