"""A hashable stand-in for a JSON value."""

from __future__ import annotations

from collections.abc import Hashable

from evaluation.values import JSON


def fingerprint(value: JSON) -> Hashable:
    """Make a flat key that is equal exactly for JSON values that are equal.

    Numbers compare by value whatever their type, true is not 1, objects ignore the
    order of keys.
    """
    tokens: list[Hashable] = []
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            keys = sorted(node)
            tokens.append(("object", *keys))
            waiting.extend(node[key] for key in keys)
        elif isinstance(node, list):
            tokens.append(("list", len(node)))
            waiting.extend(node)
        else:
            tokens.append(_scalar_key(node))
    return tuple(tokens)


def _scalar_key(value: JSON) -> Hashable:
    # NaN is not equal to itself, and in JSON true is not 1.
    if isinstance(value, bool) or value is None or value != value:
        return ("constant", str(value))
    scalar: Hashable = value
    return scalar
