"""OTLP's binary protobuf, by way of its JSON mapping."""

from __future__ import annotations

from evaluation.values import JSONObject

# The tag of field 1, "resource_spans", a length-delimited message.
_FIRST_TAG = 0x0A
_VARINT_MORE = 0x80
_VARINT_BITS = 7
_VARINT_MAX_BYTES = 10


def is_framed(content: bytes) -> bool:
    """Tell whether the bytes are nothing but ``resource_spans`` messages, end to end."""
    position = 0
    while position < len(content):
        if content[position] != _FIRST_TAG:
            return False
        length, position = _varint(content, position + 1)
        position += length
    return bool(content) and position == len(content)


def _varint(content: bytes, position: int) -> tuple[int, int]:
    """Return a length and the position after it; beyond the end when it is cut off."""
    value = 0
    for index, byte in enumerate(content[position : position + _VARINT_MAX_BYTES]):
        value |= (byte & ~_VARINT_MORE) << (_VARINT_BITS * index)
        if byte < _VARINT_MORE:
            return value, position + index + 1
    return len(content) + 1, position


def to_json(content: bytes) -> JSONObject | None:
    """Decode an export request to its JSON form; None when the bytes are none.

    Ids come out as base64 and 64-bit numbers as text, as protobuf's mapping has it.
    """
    # Late: the generated classes cost start-up time that no JSON trace should pay.
    from google.protobuf.json_format import MessageToDict
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    try:
        document: JSONObject = MessageToDict(TracesData.FromString(content))
    except (DecodeError, ValueError, RecursionError):
        return None
    # Unknown fields are skipped silently: other bytes decode to entries without spans.
    entries = document.get("resourceSpans", [])
    return document if any("scopeSpans" in entry for entry in entries) else None
