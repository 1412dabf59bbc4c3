"""Typed reading of JSON values, each fault an error that names its place and a cure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TypeVar, cast

from evaluation.errors import EvaluationError
from evaluation.values import JSON, JSONObject, Value

T = TypeVar("T")

SHOWN_VALUE_CHARACTERS = 60
MAX_DEPTH = 200  # of nested containers; no honest document comes near
# Halves of a surrogate pair are written as escapes; most of them are in company.
HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
MAX_COLLECTED = 100  # faults; who has more begins with these


class DocumentError(EvaluationError):
    """A value in a document is not what it should be; ``path`` says which."""

    code = "invalid_document"

    def __init__(self, message: str, *, path: str) -> None:
        """Keep the path beside the text that names it."""
        super().__init__(message)
        self.path = path


_collected: ContextVar[list[DocumentError] | None] = ContextVar(
    "collected", default=None
)


@contextmanager
def collecting() -> Iterator[list[DocumentError]]:
    """Read on after a fault, to know them all: up to MAX_COLLECTED.

    Inside, what is broken reads as None: use nothing of what was read when the list is
    not empty at the end.
    """
    found: list[DocumentError] = []
    token = _collected.set(found)
    try:
        yield found
    except DocumentError as error:
        if len(found) < MAX_COLLECTED:
            found.append(error)
    finally:
        _collected.reset(token)


def report(error: DocumentError) -> None:
    """Raise a fault, or note it while faults are collected and there is room.

    Raises:
        DocumentError: the reading ends here.
    """
    found = _collected.get()
    if found is None or len(found) >= MAX_COLLECTED:
        raise error
    found.append(error)


class Level(Value, frozen=True, kw_only=True):
    """The keys of one kind of object, in both spellings.

    ``keys`` maps each accepted spelling to snake case. A closed level refuses other
    keys; ``cures`` says what to write instead of a well-known wrong one.
    """

    what: str
    keys: Mapping[str, str]
    closed: bool
    cures: Mapping[str, str]


def level(
    what: str,
    names: str,
    *,
    closed: bool,
    cures: Mapping[str, str] | None = None,
) -> Level:
    """Make a level from its snake_case key names, separated by spaces."""
    keys = {}
    for name in names.split():
        keys[name] = keys[camel(name)] = name
    return Level(what=what, keys=keys, closed=closed, cures=cures or {})


def camel(name: str) -> str:
    """Turn ``snake_case`` into ``camelCase``."""
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


def fault(path: str, message: str) -> DocumentError:
    """Make the error for ``path``; the text starts with the place."""
    return DocumentError(f"{path}: {message}" if path else message, path=path)


def inside(path: str, key: str) -> str:
    """Return the path of a key inside the object at ``path``; "" is the root."""
    return f"{path}.{key}" if path else key


def shown(value: JSON) -> str:
    """Render a value for a message, cut to a readable length."""
    text = json.dumps(value, ensure_ascii=False, default=str, skipkeys=True)
    if len(text) <= SHOWN_VALUE_CHARACTERS:
        return text
    return text[: SHOWN_VALUE_CHARACTERS - 3] + "..."


class Fields(Value, frozen=True, kw_only=True):
    """An object's known fields under their snake_case names, and where they stand."""

    path: str
    values: JSONObject
    spelled: Mapping[str, str]
    raw: JSONObject

    def path_of(self, name: str) -> str:
        """Return the JSON path of a field as the document spells it."""
        return inside(self.path, self.spelled.get(name, name))

    def optional(self, name: str, read: Callable[[JSON, str], T]) -> T | None:
        """Read a field; None when it is absent or null."""
        value = self.values.get(name)
        return None if value is None else _attempt(read, value, self.path_of(name))

    def required(self, name: str, read: Callable[[JSON, str], T], cure: str) -> T:
        """Read a field that must be there; ``cure`` tells what to write."""
        if self.values.get(name) is None:
            report(
                fault(self.path_of(name), f"is required but missing or null; {cure}.")
            )
        return cast("T", self.optional(name, read))  # None only while collecting

    def items(self, name: str, read: Callable[[JSON, str], T]) -> tuple[T, ...] | None:
        """Read a list field item by item; None when it is absent or null."""
        found = self.optional(name, as_list)
        if found is None:
            return None
        path = self.path_of(name)
        items = (_attempt(read, item, f"{path}[{i}]") for i, item in enumerate(found))
        return tuple(item for item in items if item is not None)


def _attempt(read: Callable[[JSON, str], T], value: JSON, path: str) -> T | None:
    try:
        return read(value, path)
    except DocumentError as error:
        report(error)
        return None


def read_fields(value: JSON, path: str, kind: Level) -> Fields:
    """Check that ``value`` is an object of ``kind`` and give its fields snake names."""
    if not isinstance(value, dict):
        raise fault(path, f"must be an object ({kind.what}), got {shown(value)}.")
    values: JSONObject = {}
    spelled: dict[str, str] = {}
    for key, item in value.items():
        name = kind.keys.get(key)
        if name is None:
            _refuse_unknown(key, item, path, kind)
        elif name in spelled:
            report(
                fault(
                    inside(path, key),
                    f"is given twice, also as {spelled[name]!r}; keep one of them.",
                )
            )
        else:
            values[name], spelled[name] = item, key
    return Fields(path=path, values=values, spelled=spelled, raw=value)


def _refuse_unknown(key: str, item: JSON, path: str, kind: Level) -> None:
    if not kind.closed:
        return
    cure = kind.cures.get(key) or nearest(key, kind.keys) or "remove it"
    text = f"is no key of {kind.what} (its value is {shown(item)}); {cure}"
    report(fault(inside(path, key), ended(text)))


def ended(sentence: str) -> str:
    """Put a full stop at the end of a sentence that does not ask."""
    return sentence if sentence.endswith("?") else f"{sentence}."


def nearest(word: str, known: Iterable[str]) -> str:
    """Suggest the known word that ``word`` may have meant; "" when none is close."""
    from difflib import get_close_matches  # only needed on the way to an error

    close = get_close_matches(str(word), sorted(set(known)), n=3, cutoff=0.5)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else ""


def as_list(value: JSON, path: str) -> list[JSON]:
    """Read a list."""
    if not isinstance(value, list):
        raise fault(path, f"must be a list, got {shown(value)}.")
    return value


def as_object(value: JSON, path: str) -> JSONObject:
    """Read an object with free keys."""
    if not isinstance(value, dict):
        raise fault(path, f"must be an object, got {shown(value)}.")
    return value


def as_string(value: JSON, path: str) -> str:
    """Read a string."""
    if not isinstance(value, str):
        raise fault(path, f"must be a string, got {shown(value)}; quote it.")
    return value


def as_number(value: JSON, path: str) -> float:
    """Read a number; a string that spells one counts."""
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError):
            return float(value)
    raise fault(path, f"must be a number, got {shown(value)}.")


def decode(content: bytes) -> JSON:
    """Decode JSON text in UTF-8 (a byte order mark is fine), integers exactly.

    Raises:
        DocumentError: the text is no JSON, or is nested too deeply.
    """
    try:
        document: JSON = json.loads(content.decode("utf-8-sig"))
        if HALF_PAIR.search(content):
            json.dumps(document, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise fault("", f"The file is not UTF-8 text ({error}).") from error
    except UnicodeEncodeError as error:
        half = error.object[error.start : error.start + 1].encode(
            "ascii", "backslashreplace"
        )
        raise fault(
            "",
            f"The file has half of a surrogate pair ({half.decode()}), which is no "
            "character; remove it or add the other half.",
        ) from error
    except RecursionError as error:
        raise fault(
            "", f"The document is nested more than {MAX_DEPTH} levels deep."
        ) from error
    except ValueError as error:
        raise fault("", f"The file is not JSON: {error}.") from error
    return document


def check_depth(document: JSON, *, max_nodes: int | None = None) -> None:
    """Refuse documents whose nesting would exhaust the stack of any reader.

    ``max_nodes`` bounds the containers of a document whose parts may be shared or
    contain themselves, as YAML allows.
    """
    layer, depth, seen = [document], 0, 0
    while layer:
        seen += len(layer)
        if depth > MAX_DEPTH or (max_nodes is not None and seen > max_nodes):
            raise fault(
                "", f"The document is nested more than {MAX_DEPTH} levels deep."
            )
        layer = [child for node in layer for child in _children(node)]
        depth += 1


def _children(node: JSON) -> Iterable[JSON]:
    values = node.values() if isinstance(node, dict) else node
    if not isinstance(node, (dict, list)):
        return ()
    return (child for child in values if isinstance(child, (dict, list)))
