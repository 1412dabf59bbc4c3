"""What every development server is and can."""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod

from evaluation.values import Value

LOOPBACK = "127.0.0.1"


class Login(Value, frozen=True, kw_only=True):
    """The role that the service logs in as, and its database."""

    user: str
    password: str
    database: str


class Server(ABC):
    """A PostgreSQL that can be started and stopped any number of times."""

    name: str
    login: Login

    @abstractmethod
    def up(self) -> int:
        """Start the server unless it runs; return its port."""

    @abstractmethod
    def down(self) -> bool:
        """Stop the server, keep its data; say whether it ran."""

    @abstractmethod
    def running_port(self) -> int | None:
        """Return the port of the running server."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
