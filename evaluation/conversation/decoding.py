"""Text that may hold JSON, and numbers that may be text."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from evaluation import surrogates
from evaluation.values import JSON, JSONObject


class Missing(msgspec.Struct, frozen=True):
    """The type of MISSING: no value was captured, which null would not say."""


MISSING: Final = Missing()

_JSON_STARTS = frozenset('{["')
_SCALARS = frozenset({"true", "false", "null"})


def decode(value: JSON) -> JSON:
    """Decode text that holds JSON; anything else comes back as it is.

    Args:
        value: any attribute value.

    Returns:
        The decoded value, or ``value`` itself when it is no text or no JSON.
    """
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not _looks_like_json(text):
        return value
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _decode_leniently(text, value)


def _looks_like_json(text: str) -> bool:
    if not text:
        return False
    first = text[0]
    return first in _JSON_STARTS or first == "-" or first.isdigit() or text in _SCALARS


def _decode_leniently(text: str, otherwise: JSON) -> JSON:
    # msgspec refuses NaN and unpaired surrogates, which exporters do write.
    try:
        return surrogates.loads(text)
    except (ValueError, RecursionError):
        return otherwise


def decode_container(value: JSON) -> JSON:
    """Decode JSON of a list or an object; text that says ``42`` stays text."""
    decoded = decode(value)
    return decoded if isinstance(decoded, dict | list) else value


def decode_twice(value: JSON) -> JSON:
    """Decode JSON, and once more when what came out is again text."""
    first = decode(value)
    return decode(first) if isinstance(first, str) and first is not value else first


def as_list(value: JSON) -> list[JSON] | None:
    """Return the list that ``value`` is or encodes; None when it is none."""
    decoded = decode(value)
    return decoded if isinstance(decoded, list) else None


def as_object(value: JSON) -> JSONObject | None:
    """Return the object that ``value`` is or encodes; None when it is none."""
    decoded = decode(value)
    return decoded if isinstance(decoded, dict) else None


def as_text(value: JSON) -> str | None:
    """Return ``value`` when it is text, the empty one included."""
    return value if isinstance(value, str) else None


def as_count(value: JSON) -> int | None:
    """Read a count of tokens from a number or from text that holds one.

    Returns:
        A non-negative integer; None for anything else.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return int(value)


def as_arguments(value: JSON) -> JSONObject | None:
    """Read the arguments of a tool call.

    Returns:
        The object that ``value`` is or encodes (also twice encoded); None when there is
        nothing, or nothing that names its arguments.
    """
    decoded = decode_twice(value)
    return decoded if isinstance(decoded, dict) else None


def as_response(value: JSON) -> JSONObject | None:
    """Read the result of a tool call: an object, or anything else below ``result``."""
    if value is MISSING or value == "":
        return None
    decoded = decode(value)
    return decoded if isinstance(decoded, dict) else {"result": decoded}
