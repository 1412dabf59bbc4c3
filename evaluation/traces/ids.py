"""One spelling for ids: lower-case hex, whatever the exporter wrote."""

from __future__ import annotations

import base64
import binascii
import re

from evaluation.values import JSON

TRACE_ID_BYTES = 16
SPAN_ID_BYTES = 8

_CANONICAL = re.compile("[0-9a-f]+").fullmatch
_HEX = re.compile("(?:[0-9a-fA-F]{2})+").fullmatch
_URL_SAFE = str.maketrans("-_", "+/")


def trace_id(raw: JSON) -> str:
    """Spell a trace id: hex or base64 of 16 bytes becomes lower-case hex."""
    return _spell(raw, TRACE_ID_BYTES)


def span_id(raw: JSON) -> str:
    """Spell a span id: hex or base64 of 8 bytes becomes lower-case hex.

    Returns:
        The id; "" when there is none. All zeros mean none (OpenTelemetry's rule).
        Text that is neither hex nor base64 of that length stays as it is.
    """
    spelled = _spell(raw, SPAN_ID_BYTES)
    return spelled if spelled.strip("0") else ""


def _spell(raw: JSON, size: int) -> str:
    if not isinstance(raw, str):
        return "" if raw is None or isinstance(raw, (dict, list)) else str(raw)
    if _CANONICAL(raw):
        return raw
    text = raw.strip()
    digits = text.removeprefix("0x")
    if _HEX(digits):
        return digits.lower()
    # With its first characters: base64 may begin with "0x" too.
    return _from_base64(text, size) or digits


def _from_base64(text: str, size: int) -> str | None:
    # Only padded text counts: an unpadded word of the right length may be a plain name.
    if not text.endswith("=") or len(text) != 4 * -(-size // 3):
        return None
    try:
        decoded = base64.b64decode(text.translate(_URL_SAFE), validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded.hex() if len(decoded) == size else None
