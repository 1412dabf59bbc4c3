"""The one HTTP client of the server: guarded addresses, no redirects, bounded answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING

from evaluation.values import Value
from runs.egress.policy import Address, AddressPolicy, check_url

if TYPE_CHECKING:
    from runs.egress.transport import Requests

Resolve = Callable[[str, int], list[Address]]


class Reply(Value, frozen=True, kw_only=True):
    """An answer; ``is_cut`` when its body was longer than was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False


def resolve(host: str, port: int) -> list[Address]:
    """Return the addresses of a host, in the order to try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


class Client:
    """Makes requests within an address policy. Safe to use from several threads.

    httpx2 costs 12 MB and an eighth of a second: a worker that calls nobody is spared.
    """

    def __init__(self, policy: AddressPolicy, *, resolve: Resolve = resolve) -> None:
        """Load and open nothing yet."""
        self._policy = policy
        self._resolve = resolve
        self._lock = threading.Lock()
        self._requests: Requests | None = None

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes = b"",
        timeout_s: float,
        max_bytes: int,
    ) -> Reply:
        """Make one request; ``timeout_s`` bounds all of it.

        Raises:
            DestinationRefusedError: the policy does not allow the address.
            UnreachableError: there was no complete answer in time.
            EgressError: the request cannot be sent as it is.
        """
        check_url(url, self._policy)
        return self._loaded().call(
            method,
            url,
            headers=headers,
            content=content,
            timeout_s=timeout_s,
            max_bytes=max_bytes,
        )

    def _loaded(self) -> Requests:
        with self._lock:
            if self._requests is None:
                from runs.egress.transport import Requests

                self._requests = Requests(self._policy, self._resolve)
            return self._requests

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            if self._requests is not None:
                self._requests.close()
