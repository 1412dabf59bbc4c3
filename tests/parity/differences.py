"""Where two answers differ, with what cannot be equal masked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.parity.exchange import Answer

# Times, and what the clock or the machine decides.
VOLATILE = re.compile(
    r"createdAt|startedAt|finishedAt|workerId|durationMs|latencyMs|requestId|version"
)
UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")
TEMPORARY = re.compile(r"/tmp/[\w./-]*/")
SHOWN = 160


class Difference(NamedTuple):
    """One difference; ``path`` has ``[*]`` for every index."""

    path: str
    peer: str
    ours: str


def compare(peer: Answer, ours: Answer) -> Iterator[Difference]:
    """Yield the differences of two answers."""
    if peer.status != ours.status:
        yield Difference("status", str(peer.status), str(ours.status))
    for name, value in peer.headers.items():
        if value != ours.headers[name]:
            yield Difference(f"headers.{name}", value, ours.headers[name])
    yield from _compare("body", peer.body, ours.body)


def _compare(path: str, peer: Any, ours: Any) -> Iterator[Difference]:
    if isinstance(peer, dict) and isinstance(ours, dict):
        yield from _compare_objects(path, peer, ours)
    elif isinstance(peer, list) and isinstance(ours, list):
        if len(peer) != len(ours):
            yield Difference(f"{path}.length", str(len(peer)), str(len(ours)))
        for one, other in zip(peer, ours, strict=False):
            yield from _compare(f"{path}[*]", one, other)
    elif _masked(peer) != _masked(ours) and not _is_close(peer, ours):
        yield Difference(path, _shown(peer), _shown(ours))


def _compare_objects(
    path: str, peer: dict[str, Any], ours: dict[str, Any]
) -> Iterator[Difference]:
    shared = [key for key in peer if key in ours]
    if shared != [key for key in ours if key in peer]:
        yield Difference(f"{path}.order", _shown(list(peer)), _shown(list(ours)))
    for key in [*peer, *(key for key in ours if key not in peer)]:
        if key not in ours:
            yield Difference(f"{path}.{key}", _shown(peer[key]), "absent")
        elif key not in peer:
            yield Difference(f"{path}.{key}", "absent", _shown(ours[key]))
        elif VOLATILE.fullmatch(key):
            # Whether there is a value counts, which does not.
            if (peer[key] is None) != (ours[key] is None):
                yield Difference(f"{path}.{key}", _shown(peer[key]), _shown(ours[key]))
        else:
            yield from _compare(f"{path}.{key}", peer[key], ours[key])


def _masked(value: Any) -> Any:
    """Cover what is made anew for every answer."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return TEMPORARY.sub("<folder>/", UUID.sub("<id>", value))
    return value


def _is_close(one: Any, other: Any) -> bool:
    numbers = (int, float)
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if not isinstance(one, numbers) or not isinstance(other, numbers):
        return False
    return math.isclose(one, other, rel_tol=1e-9)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."
