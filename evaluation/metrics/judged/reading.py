"""Finding JSON in what a judge says: in a fence, after prose, or as asked."""

from __future__ import annotations

import json

from evaluation.values import JSONObject

# A text of nothing but braces must not take a try for each.
MAX_TRIES = 50
_decoder = json.JSONDecoder()


def objects_in(text: str) -> list[JSONObject]:
    """Return the JSON objects of a text, outermost ones, in order; mostly one."""
    found: list[JSONObject] = []
    at, tries = text.find("{"), 0
    while at >= 0 and tries < MAX_TRIES:
        tries += 1
        try:
            value, end = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found.append(value)
        at = text.find("{", end)
    return found


def object_with(text: str, key: str) -> JSONObject | None:
    """Return the last object that has ``key``: a judge may think aloud before it."""
    having = [found for found in objects_in(text) if key in found]
    return having[-1] if having else None
