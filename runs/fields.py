"""Taking a JSON request apart field by field: every fault is collected, with its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

import msgspec

from evaluation.errors import ConfigError, EvalSetError
from evaluation.values import JSON, JSONObject
from runs.errors import FieldError

# PostgreSQL cannot keep U+0000 in text or jsonb.
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
BYTE = re.compile(r"\(byte (\d+)\)")
EXCERPT = 200
# Whatever is stored is walked again and again, here and by whoever reads it.
MAX_DEPTH = 100
# May hold secrets, which an error must not carry into somebody's log.
PRIVATE = {"sinks", "context"}
Loc = tuple[str | int, ...]


class Fields:
    """The fields of one JSON object, taken one by one; faults are collected."""

    def __init__(self, raw: bytes, loc: Loc, errors: list[FieldError]) -> None:
        """Split the object; a body that is no object is one fault."""
        self._loc = loc
        self._errors = errors
        self._given: dict[str, msgspec.Raw] = {}
        self._is_object = False
        self._split(raw)
        self._untaken = set(self._given)

    def _split(self, raw: bytes) -> None:
        try:
            self._given = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
            self._is_object = True
        except msgspec.ValidationError:
            self._add((), "Input should be a valid dictionary", "dict_type", raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if not raw.strip():
                self._add((), "Field required", "missing", b"null")
                return
            place = BYTE.search(str(error))
            offset = int(place[1]) if place else len(raw)
            self._add((offset,), f"JSON decode error: {error}", "json_invalid", raw)

    def open(self, name: str, *, required: bool = False) -> Fields | None:
        """Take a field that is an object, to take it apart in turn."""
        raw = self.take_raw(name, required=required)
        return None if raw is None else Fields(raw, self.at(name), self._errors)

    def at(self, name: str) -> Loc:
        """Return the place of a field."""
        return (*self._loc, name)

    def has(self, name: str) -> bool:
        """Whether the object has a field of this name, in either spelling."""
        return name in self._given or snake_case(name) in self._given

    def take_raw(self, name: str, *, required: bool = False) -> bytes | None:
        """Take a field's bytes by its camelCase or snake_case name; the first wins."""
        names = (name, snake_case(name))
        self._untaken.difference_update(names)
        raw = next((self._given[n] for n in names if n in self._given), None)
        if raw is None and required and self._is_object:
            self._add((name,), "Field required", "missing", b"null")
        return None if raw is None else bytes(raw)

    def take(
        self,
        name: str,
        kind: Any,
        default: Any = None,
        *,
        required: bool = False,
        check: Callable[[JSON], object] | None = None,
    ) -> Any:
        """Take a field as a value of ``kind``, checked further by ``check``."""
        raw = self.take_raw(name, required=required)
        if raw is None:
            return default
        try:
            value = self._decode(raw, kind)
            if check is not None and value is not None:
                check(value)
        except (EvalSetError, ConfigError) as error:
            place = (name, error.path) if error.path else (name,)
            self._add(place, str(error), error.code, raw)
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            self._add((name,), f"{error}{_cure(kind)}", "value_error", raw)
        else:
            return value
        return default

    def rest(self) -> JSONObject:
        """Take every field that was not asked for, as it is."""
        left = [name for name in self._given if name in self._untaken]
        for name in left:
            if "\0" in name:
                self._add(
                    (name,), "a name must not hold U+0000", "value_error", b"null"
                )
        return {name: self.take(name, Any) for name in left}

    def fault(self, name: str, message: str) -> None:
        """Report a fault of a field, whatever it holds."""
        raw = bytes(self._given.get(name, b"null"))
        self._add((name,), message, "value_error", raw)

    def _decode(self, raw: bytes, kind: Any) -> Any:
        if NUL.search(raw):
            raise ValueError("text must not hold the character U+0000")
        value = msgspec.json.decode(raw, type=kind)
        if is_deeper(value, MAX_DEPTH):
            raise ValueError(f"is nested more than {MAX_DEPTH} levels deep")
        return value

    def _add(
        self, place: tuple[str | int, ...], message: str, kind: str, raw: bytes
    ) -> None:
        self._errors.append(
            FieldError(
                loc=(*self._loc, *place),
                msg=message,
                type=kind,
                input=None if PRIVATE & {*self._loc, *place} else _excerpt(raw),
            )
        )


def _cure(kind: Any) -> str:
    """Name the words to choose from; "" when any value of a type will do."""
    kinds = (kind, *get_args(kind))
    words = [w for each in kinds if get_origin(each) is Literal for w in get_args(each)]
    return f"; use one of {', '.join(map(repr, words))}" if words else ""


def _excerpt(raw: bytes) -> JSON:
    """Return the value that was sent, or the beginning of its text when long."""
    if len(raw) > EXCERPT:
        return raw[:EXCERPT].decode(errors="replace") + "..."
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return raw.decode(errors="replace")


def is_deeper(value: JSON, levels: int) -> bool:
    """Whether containers are nested in each other more than that often."""
    level = [value]
    for _ in range(levels + 1):
        level = [
            item
            for holder in level
            if isinstance(holder, (dict, list))
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return False
    return True


def snake_case(name: str) -> str:
    """Return the snake_case spelling of a camelCase name."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
