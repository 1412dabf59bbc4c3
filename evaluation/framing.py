"""Messages between a supervisor and its evaluator processes, over pipes.

A frame is its kind (one byte), the length of its body (four bytes, big-endian), the body.
"""

from __future__ import annotations

import struct
from enum import Enum
from typing import BinaryIO

from evaluation.values import Value

HEADER = struct.Struct(">cI")
# More than the results of any trace that is accepted; a longer body is a fault.
MAX_BODY = 256 * 1024 * 1024


class FramingError(ValueError):
    """The bytes are no frame."""


class FrameKind(bytes, Enum):
    """What a frame is about."""

    JOB = b"J"  # supervisor to evaluator: JSON that says what to do
    CONVERT = b"C"  # supervisor to evaluator: JSON that says what to convert
    DOCUMENT = b"D"  # supervisor to evaluator: one document of the job, after it
    QUESTION = b"Q"  # evaluator to supervisor: JSON, a round of questions to a judge
    REPLY = b"R"  # supervisor to evaluator: JSON, one reply of a judge
    LOADED = b"L"  # evaluator to supervisor: the documents are read; what they hold
    TRACE = b"T"  # evaluator to supervisor: JSON for a client, a trace without results
    TOLD = b"M"  # evaluator to supervisor: JSON for a client, what happens now
    ANSWER = b"A"  # evaluator to supervisor: JSON for a client, all that was found
    PROGRESS = b"P"  # evaluator to supervisor: one finished unit
    JUDGING = b"U"  # evaluator to supervisor: how many answers judges have given
    DONE = b"E"  # evaluator to supervisor: how the job ended


KINDS = frozenset(kind.value for kind in FrameKind)


class Frame(Value, frozen=True, kw_only=True):
    """One message."""

    kind: FrameKind
    body: bytes

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        return HEADER.pack(self.kind.value, len(self.body)) + self.body


class FrameDecoder:
    """Cuts a stream of bytes, fed in any pieces, into frames."""

    def __init__(self) -> None:
        """Start empty."""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Add received bytes and return the frames that are complete by now.

        Raises:
            FramingError: whoever sent them does not speak in frames.
        """
        self._buffer += data
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        if len(self._buffer) < HEADER.size:
            return None
        kind, length = _header(self._buffer)
        end = HEADER.size + length
        if len(self._buffer) < end:
            return None
        body = bytes(memoryview(self._buffer)[HEADER.size : end])
        del self._buffer[:end]
        return Frame(kind=kind, body=body)


def _header(buffer: bytearray) -> tuple[FrameKind, int]:
    kind, length = HEADER.unpack_from(buffer)
    if kind not in KINDS or length > MAX_BODY:
        raise FramingError(f"no frame begins with {bytes(buffer[: HEADER.size])!r}")
    return FrameKind(kind), length


def read_frame(stream: BinaryIO) -> Frame | None:
    """Read one frame from a blocking stream; None at its end."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    kind, length = HEADER.unpack(header)
    return Frame(kind=FrameKind(kind), body=stream.read(length))


def read_work(stream: BinaryIO) -> Frame | None:
    """Read the next frame that is no reply: those that come late are not wanted."""
    while (frame := read_frame(stream)) is not None:
        if frame.kind is not FrameKind.REPLY:
            return frame
    return None
