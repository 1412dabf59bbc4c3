"""Where the server may be sent to by what a client wrote.

A URL is looked at twice: its shape when it is submitted, the address when the connection
is made. Only the second look is a guard, because names resolve to whatever their owner
likes; the first tells a client early.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Self
from urllib.parse import SplitResult, urlsplit

from evaluation.values import Value
from runs.egress.errors import DestinationRefusedError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

SCHEMES = {"http", "https"}
MAX_URL_LENGTH = 2048
# Printable ASCII without what parsers disagree about.
URL_TEXT = re.compile(r"[!-~]+")
HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?")
SETTING = "AGENTEVALS_ALLOWED_PRIVATE_HOSTS"


def is_public(address: Address) -> bool:
    """Whether an address is a neighbour of nobody: reachable on the open internet.

    Forms of IPv6 that carry an IPv4 address (mapped, 6to4, NAT64) are not: what they
    reach is decided elsewhere.
    """
    if isinstance(address, IPv6Address) and (
        address.sixtofour is not None or address.is_site_local
    ):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class AddressPolicy(Value, frozen=True, kw_only=True):
    """Public addresses, and those private ones that the operator has named."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, words: Iterable[str]) -> Self:
        """Read host names, addresses and networks (``10.0.0.0/8``).

        Raises:
            ValueError: names the word that is none of them.
        """
        names: set[str] = set()
        networks: list[Network] = []
        for word in words:
            try:
                networks.append(ip_network(word.strip("[]")))
            except ValueError:
                names.add(_host_name(word))
        return cls(names=frozenset(names), networks=tuple(networks))

    def allows(self, host: str, address: Address) -> bool:
        """Whether a connection for ``host`` may be made to ``address``."""
        return (
            is_public(address)
            or host.lower().rstrip(".") in self.names
            or any(address in network for network in self.networks)
        )


def _host_name(word: str) -> str:
    name = word.lower().rstrip(".")
    if not HOST_NAME.fullmatch(name):
        raise ValueError(f"{word!r} is no host name, address or network")
    return name


def check_url(url: str, policy: AddressPolicy) -> SplitResult:
    """Take a URL apart that the server is asked to call.

    Raises:
        DestinationRefusedError: says what is wrong with it, without repeating it.
    """
    if len(url) > MAX_URL_LENGTH or not URL_TEXT.fullmatch(url) or "\\" in url:
        raise DestinationRefusedError(
            f"expected a URL of at most {MAX_URL_LENGTH} printable ASCII characters"
        )
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise DestinationRefusedError(f"not a URL: {error}") from error
    if parts.scheme not in SCHEMES or not host:
        raise DestinationRefusedError("expected http://HOST/… or https://HOST/…")
    if "@" in parts.netloc:
        raise DestinationRefusedError(
            "a URL must not hold a user name or password; send a header instead"
        )
    _check_literal(host, policy)
    return parts


def _check_literal(host: str, policy: AddressPolicy) -> None:
    """Refuse an address that is written out and will be refused at the connection."""
    try:
        address = ip_address(host)
    except ValueError:
        return
    if not policy.allows(host, address):
        raise refusal(host)


def refusal(host: str) -> DestinationRefusedError:
    """Say that a host is off limits, and who can change that."""
    return DestinationRefusedError(
        f"the address of {host!r} is private, loopback, link-local or reserved; the "
        f"operator can allow it with {SETTING}"
    )
