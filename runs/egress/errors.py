"""What can go wrong with a request that leaves the server."""

from __future__ import annotations

from typing import ClassVar


class EgressError(Exception):
    """A request was not answered; ``transient`` says whether it may be tried again."""

    code: ClassVar[str] = "egress_error"
    transient: ClassVar[bool] = False


class DestinationRefusedError(EgressError):
    """The policy does not let the server talk to this address."""

    code = "destination_refused"


class UnreachableError(EgressError):
    """The network, the name service or the other side gave no answer in time."""

    code = "unreachable"
    transient = True
