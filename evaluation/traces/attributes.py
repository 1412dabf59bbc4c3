"""Attributes of spans, events, resources and logs, to plain names and JSON values.

Lists of ``{key, value}`` (OTLP) keep their names and get real values: arrays become
lists, key-value lists become objects, bytes stay base64 text, empty values are left
out, a repeated key keeps the last value.

Objects (column-store exports, SDK dumps) are read at every depth at once: each nested
object stands whole under its own dotted name, and what is in it stands under its
dotted name as well. So ``{"gen_ai": {"tool": {"call": {"arguments": {"city": "Oslo"}}}}}``
holds ``gen_ai.tool.call.arguments`` as an object beside
``gen_ai.tool.call.arguments.city``: neither a name nor an argument is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from evaluation.traces.numbers import integer, real
from evaluation.values import JSON, JSONObject

# Told the path below the attributes, and what is wrong there.
Note: TypeAlias = Callable[[str, str], None]

# Deeper values are refused; longer or deeper dotted names are not made (their object
# stays whole), since names repeat every key above them.
MAX_VALUE_DEPTH = 64
MAX_DOTTED_DEPTH = 16
MAX_DOTTED_LENGTH = 512


def ignore(_path: str, _message: str) -> None:
    """Take note of nothing."""


def decode_attributes(raw: JSON, note: Note = ignore) -> dict[str, JSON]:
    """Decode attributes in any of their forms.

    Args:
        raw: A list of ``{key, value}``, an object, or None.
        note: Called for each attribute that could not be read.

    Returns:
        Values by name; bad attributes are left out.
    """
    if not raw:
        return {}
    if isinstance(raw, list):
        return _from_list(raw, note)
    if isinstance(raw, dict):
        return flatten(raw)
    note("", "attributes are neither a list nor an object")
    return {}


def _from_list(items: list[JSON], note: Note) -> dict[str, JSON]:
    decoded: dict[str, JSON] = {}
    faults: list[str] = []
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            note(f"[{index}]", "an attribute is no object")
            continue
        value = _any_value(item.get("value"), faults, 0)
        if faults:
            note(f"[{index}]", "; ".join(faults[:3]))
            faults.clear()
        if value is not None:
            decoded[_name(item.get("key"))] = value
    return decoded


def _name(key: JSON) -> str:
    return key if isinstance(key, str) else "" if key is None else str(key)


def decode_value(raw: JSON, note: Note = ignore) -> JSON:
    """Decode one OTLP AnyValue (a log body, say); bare JSON is taken as it is."""
    faults: list[str] = []
    value = _any_value(raw, faults, 0)
    if faults:
        note("", "; ".join(faults[:3]))
    return value


def _any_value(raw: JSON, faults: list[str], depth: int) -> JSON:
    if not isinstance(raw, dict):
        return raw
    kind = next(iter(raw), None)
    if len(raw) != 1:
        kind = next((kind for kind in _KINDS if kind in raw), None)
    decode = _KINDS.get(kind) if kind is not None else None
    if kind is None or decode is None:
        if raw:
            faults.append("the value is of no kind that OTLP knows")
        return None
    if depth > MAX_VALUE_DEPTH:
        faults.append(f"the value is nested deeper than {MAX_VALUE_DEPTH} levels")
        return None
    return decode(raw[kind], faults, depth)


def _as_is(raw: JSON, _faults: list[str], _depth: int) -> JSON:
    return raw


def _integer(raw: JSON, faults: list[str], _depth: int) -> JSON:
    number = integer(raw)
    if number is None:
        faults.append(f"intValue {str(raw)[:40]!r} is no integer")
    return number


def _double(raw: JSON, faults: list[str], _depth: int) -> JSON:
    number = real(raw)
    if number is None:
        faults.append(f"doubleValue {str(raw)[:40]!r} is no number")
    return number


def _array(raw: JSON, faults: list[str], depth: int) -> JSON:
    return [_any_value(item, faults, depth + 1) for item in _values(raw, faults)]


def _object(raw: JSON, faults: list[str], depth: int) -> JSON:
    decoded: JSONObject = {}
    for item in _values(raw, faults):
        if isinstance(item, dict):
            value = _any_value(item.get("value"), faults, depth + 1)
            decoded[_name(item.get("key"))] = value
        else:
            faults.append("an entry of a kvlistValue is no object")
    return decoded


def _values(raw: JSON, faults: list[str]) -> list[JSON]:
    values = raw.get("values") if isinstance(raw, dict) else raw
    if isinstance(values, list):
        return values
    if values is not None:
        faults.append("the values of an array or object are no list")
    return []


_CAMEL_KINDS: dict[str, Callable[[JSON, list[str], int], JSON]] = {
    "stringValue": _as_is,
    "intValue": _integer,
    "doubleValue": _double,
    "boolValue": _as_is,
    "arrayValue": _array,
    "kvlistValue": _object,
    "bytesValue": _as_is,
}
_KINDS = _CAMEL_KINDS | {
    kind.replace("Value", "_value"): decode for kind, decode in _CAMEL_KINDS.items()
}


def flatten(raw: JSONObject) -> dict[str, JSON]:
    """Spread nested objects over dotted names, and keep each object whole as well."""
    spread: dict[str, JSON] = {}
    _spread(raw, "", spread, 1)
    return spread


def _spread(raw: JSONObject, prefix: str, spread: dict[str, JSON], depth: int) -> None:
    for key, value in raw.items():
        name = f"{prefix}{key}"
        if not isinstance(value, dict):
            spread[name] = value
        elif len(value) == 1 and next(iter(value)) in _CAMEL_KINDS:
            spread[name] = decode_value(value)
        else:
            spread[name] = value
            if depth < MAX_DOTTED_DEPTH and len(name) < MAX_DOTTED_LENGTH:
                _spread(value, f"{name}.", spread, depth + 1)
