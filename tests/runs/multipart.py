"""Building forms as a client sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

BOUNDARY = "aBoundary"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


class Part(NamedTuple):
    """One part; without a file name it is a text."""

    name: str
    content: bytes
    file_name: str | None = None


def encode(parts: Sequence[Part]) -> bytes:
    """Return the body of a form."""
    return b"".join(map(_part, parts)) + f"--{BOUNDARY}--\r\n".encode()


def _part(part: Part) -> bytes:
    file = "" if part.file_name is None else f'; filename="{part.file_name}"'
    head = (
        f"--{BOUNDARY}\r\n"
        f'Content-Disposition: form-data; name="{part.name}"{file}\r\n\r\n'
    )
    return head.encode() + part.content + b"\r\n"
