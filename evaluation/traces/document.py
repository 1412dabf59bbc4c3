"""Bytes to JSON documents: unpacked, decoded, within the limits."""

from __future__ import annotations

import json
import re
import zlib
from typing import NamedTuple

import msgspec

from evaluation import surrogates
from evaluation.errors import TraceFormatError
from evaluation.traces.model import Limits
from evaluation.traces.reading import Place
from evaluation.values import JSON

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

_SPACE = re.compile(r"\s*")


class Part(NamedTuple):
    """One JSON value of the document, and its line when there are several."""

    value: JSON
    line: int | None = None


class Parts(NamedTuple):
    """The JSON values of a document.

    ``fault`` says why there are none; ``binary`` that they came from protobuf.
    """

    parts: list[Part]
    fault: str = ""
    binary: bool = False

    @property
    def empty(self) -> bool:
        """Whether the document was blank, or held nothing but empty lists."""
        return not self.fault and all(part.value == [] for part in self.parts)


def unpack(content: bytes, limits: Limits) -> bytes:
    """Undo gzip and byte order marks.

    Raises:
        TraceFormatError: The gzip stream is damaged, or what it holds is too large.
    """
    if content[:2] == _GZIP_MAGIC:
        content = _gunzip(content, limits)
    refuse_large(len(content), limits)
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            text = content[len(mark) :]
            if encoding == "utf-8":
                return text
            return text.decode(encoding, "replace").encode("utf-8", "replace")
    return content


def refuse_large(size: int, limits: Limits) -> None:
    """Raise ``TraceFormatError`` when ``size`` bytes are over the limit."""
    if size > limits.max_bytes:
        raise TraceFormatError(
            f"The document is larger than the limit of {limits.max_bytes:,} bytes"
        )


def _gunzip(content: bytes, limits: Limits) -> bytes:
    pieces: list[bytes] = []
    size = 0
    try:
        while content[:2] == _GZIP_MAGIC:
            unzip = zlib.decompressobj(_GZIP_WINDOW)
            pieces.append(unzip.decompress(content, limits.max_bytes + 1 - size))
            size += len(pieces[-1])
            refuse_large(size, limits)
            if not unzip.eof:
                raise TraceFormatError("The gzip file is cut off")
            content = unzip.unused_data
    except zlib.error as error:
        raise TraceFormatError(f"The gzip file is damaged: {error}") from error
    return b"".join(pieces)


def parse(content: bytes, place: Place) -> Parts:
    """Parse a JSON document, or JSON lines when it is not one document.

    NaN, unpaired surrogates (replaced), control characters and bytes that are not
    UTF-8 (replaced, with a problem) are read. Lines that are not JSON cost themselves.

    Raises:
        TraceFormatError: Nested deeper than the limit.
    """
    if not content.strip():
        return Parts([])
    limits = place.reading.limits
    try:
        parts = _decoded(_as_utf8(content, place), place)
    except RecursionError as error:
        raise _too_deep(limits) from error
    _refuse_deep([part.value for part in parts.parts], limits)
    return parts


def _decoded(content: bytes, place: Place) -> Parts:
    try:
        return Parts([Part(_decode(content))])
    except ValueError as error:
        fault = f"not JSON: {error}"
    first = content.lstrip().split(b"\n", 1)[0]
    readers = (_lines, _stream) if _is_json(first) else (_stream, _lines)
    parts = next(filter(None, (read(content, place) for read in readers)), [])
    return Parts(parts, "" if parts else fault)


def _is_json(line: bytes) -> bool:
    try:
        _decode(line)
    except ValueError:
        return False
    return True


def _as_utf8(content: bytes, place: Place) -> bytes:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        message = f"bytes that are not UTF-8 are replaced (the first at {error.start})"
        place.note("undecodable_bytes", message)
        return content.decode("utf-8", "replace").encode()
    return content


def _decode(content: bytes) -> JSON:
    """Decode one JSON value; the fast decoder first, then the patient one."""
    try:
        return msgspec.json.decode(content)
    except msgspec.MsgspecError:
        return surrogates.loads(content.decode(), strict=False)


def _lines(content: bytes, place: Place) -> list[Part]:
    """Decode JSON lines; none at all when no line holds an object or a list."""
    parts: list[Part] = []
    faults: list[tuple[int, ValueError]] = []
    # Only line feeds: other Unicode line breaks may stand inside a text.
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            parts.append(Part(_decode(line), number))
        except ValueError as error:
            faults.append((number, error))
    if not any(isinstance(part.value, (dict, list)) for part in parts):
        return []
    for number, fault in faults:
        place.at_line(number).note("invalid_json", f"the line is not JSON: {fault}")
    return parts


def _stream(content: bytes, place: Place) -> list[Part]:
    """Decode JSON values one after another, as console exporters print them."""
    text = surrogates.without_halves(content.decode())
    decoder = json.JSONDecoder(strict=False)
    parts: list[Part] = []
    position = _past_space(text, 0)
    while position < len(text):
        try:
            value, end = decoder.raw_decode(text, position)
        except ValueError as error:
            if parts:
                place.note("invalid_json", f"the rest is not JSON: {error}")
            break
        parts.append(Part(value))
        position = _past_space(text, end)
    return parts if any(isinstance(part.value, (dict, list)) for part in parts) else []


def _past_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _refuse_deep(level: list[JSON], limits: Limits) -> None:
    """Refuse nesting beyond the limit, before anything recursive sees the values."""
    depth = 0
    level = [item for item in level if isinstance(item, (dict, list))]
    while level:
        depth += 1
        if depth > limits.max_depth:
            raise _too_deep(limits)
        # Decoders make plain dicts and lists, and this looks at every value there is.
        level = [
            item
            for holder in level
            for item in (holder.values() if type(holder) is dict else holder)
            if type(item) is dict or type(item) is list
        ]


def _too_deep(limits: Limits) -> TraceFormatError:
    return TraceFormatError(
        f"The document is nested deeper than the limit of {limits.max_depth} levels"
    )
