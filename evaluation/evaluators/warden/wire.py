"""What caller and warden tell each other: a JSON head and a body of bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

LENGTHS = struct.Struct(">II")


class Limits(NamedTuple):
    """What one evaluation may use.

    ``memory_bytes`` is for every process by itself and for all of them together;
    ``cpu_s`` and ``file_bytes`` are for every process and file by itself. Of stderr the
    last ``stderr_bytes`` are kept, more of it is no fault.
    """

    wall_s: float = 30.0
    cpu_s: int = 30
    memory_bytes: int = 1 << 30
    processes: int = 64
    output_bytes: int = 10 << 20
    stderr_bytes: int = 4 << 10
    file_bytes: int = 256 << 20


class Order(NamedTuple):
    """What to run.

    ``folder`` is where it runs; None for the folder that is made for it and deleted
    afterwards. One that is ``confined`` writes only there and reaches no TCP port, where
    the kernel can see to that.
    """

    argv: list[str]
    environment: dict[str, str]
    folder: str | None
    confined: bool
    limits: Limits


class Report(NamedTuple):
    """How it ended: ``exited`` with a status (negative: a signal's number), or by a limit."""

    reason: str
    status: int
    stderr: str


def pack(head: NamedTuple, body: bytes) -> bytes:
    """Return a message's bytes."""
    text = json.dumps(head).encode()
    return LENGTHS.pack(len(text), len(body)) + text + body


def unpack(read: Callable[[int], bytes]) -> tuple[list[Any], bytes] | None:
    """Read a message with ``read``, which returns less than asked for only at the end."""
    lengths = read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head_length, body_length = LENGTHS.unpack(lengths)
    head, body = read(head_length), read(body_length)
    if len(head) < head_length or len(body) < body_length:
        return None
    return json.loads(head), body


def as_order(head: list[Any]) -> Order:
    """Return the order that a message's head spells."""
    order = Order._make(head)
    return order._replace(limits=Limits._make(order.limits))
