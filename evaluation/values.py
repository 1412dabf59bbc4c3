"""The base of every value in the library: frozen, keyword-only, comparable."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

# Decoded JSON. ``Any`` because a recursive alias buys no safety at these edges.
JSON: TypeAlias = Any
JSONObject: TypeAlias = dict[str, Any]


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable record; ``msgspec.structs.replace`` makes a changed copy."""
