"""Halves of surrogate pairs in JSON text: escapes of no character, which no UTF-8 holds."""

from __future__ import annotations

import json
import re

from evaluation.values import JSON

# The group catches a half that has no partner.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def without_halves(text: str) -> str:
    """Write the replacement character where JSON text has half a pair."""
    return _ESCAPE.sub(_pair_or_replacement, text)


def _pair_or_replacement(escape: re.Match[str]) -> str:
    return "\\ufffd" if escape[1] else escape[0]


def loads(text: str, *, strict: bool = True) -> JSON:
    """Decode JSON as Python does, NaN included, but to texts that can be written again.

    Args:
        text: what to decode.
        strict: refuse control characters inside of texts.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    decoded: JSON = json.loads(without_halves(text), strict=strict)
    return decoded
