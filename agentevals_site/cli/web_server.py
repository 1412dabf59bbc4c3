"""Daphne, with an end that lets requests finish."""

from __future__ import annotations

import time
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from twisted.internet import reactor
from twisted.internet.defer import inlineCallbacks
from twisted.internet.task import deferLater

GRACE_S = 10.0
LOOK_S = 0.05


class WebServer(Server):  # type: ignore[misc]  # Daphne has no types
    """A server whose requests in flight are answered before it ends.

    Daphne would cancel them: the database may have committed, and the client never hears.
    """

    @inlineCallbacks
    def kill_all_applications(self) -> Any:
        """Wait for what is being answered; Twisted waits for the deferred of this."""
        until = time.monotonic() + GRACE_S
        while self._is_busy() and time.monotonic() < until:
            yield deferLater(reactor, LOOK_S, lambda: None)
        super().kill_all_applications()

    def _is_busy(self) -> bool:
        answering = (d.get("application_instance") for d in self.connections.values())
        return any(task is not None and not task.done() for task in answering)


def run_server(application: Any, *, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    WebServer(
        application=application,
        endpoints=build_endpoint_description_strings(host=host, port=port),
        server_name="agentevals",
    ).run()
