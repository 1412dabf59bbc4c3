"""When two argument objects of a tool call count as equal."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from evaluation.errors import EvaluationError
from evaluation.values import JSON, JSONObject, Value

SHOWN_CHARACTERS = 200

ArgumentMode = Literal["exact", "ignore", "subset"]

# What stands on the side that lacks a key; a surplus list element is never welcome.
_ABSENT = object()
_SURPLUS = object()


# A place in a value is its parent's place and a piece of path, spelled out when needed.
_Place: TypeAlias = "tuple[_Place | None, str]"
_Step: TypeAlias = tuple[_Place, JSON, JSON]


class PatternError(EvaluationError):
    """An expected text that should be a regular expression is none."""

    code = "invalid_pattern"


class Difference(Value, frozen=True, kw_only=True):
    """The first place where two argument objects differ."""

    path: str
    expected: JSON = None
    actual: JSON = None
    problem: Literal["different", "missing", "unexpected"] = "different"

    def explain(self) -> JSONObject:
        """Describe the difference in brief; the absent side is left out."""
        told: JSONObject = {"path": self.path, "problem": self.problem}
        if self.problem != "unexpected":
            told["expected"] = _brief(self.expected)
        if self.problem != "missing":
            told["actual"] = _brief(self.actual)
        return told


class ArgumentRule(Value, frozen=True, kw_only=True):
    """How arguments are compared.

    ``mode``: all of them (exact), none (ignore), or only what is expected (subset:
    further keys of an object are fine at every level). ``fields`` limits the
    comparison to these dotted paths, ``ignored_fields`` leaves paths out.
    ``patterns``: expected texts are regular expressions that the whole actual text has
    to match. ``tolerance``: numbers may differ by this much, absolutely or relative to
    the larger one.
    """

    mode: ArgumentMode = "exact"
    fields: tuple[str, ...] = ()
    ignored_fields: tuple[str, ...] = ()
    patterns: bool = False
    tolerance: float = 0.0

    def difference(
        self, expected: JSONObject | None, actual: JSONObject | None
    ) -> Difference | None:
        """Find the first difference; None when the arguments agree.

        Expected None means that the eval set says nothing: only the modes ``ignore``
        and ``subset`` accept that.
        """
        if self.mode == "ignore":
            return None
        if expected is None:
            if self.mode == "subset":
                return None
            return Difference(path="args", actual=actual, problem="unexpected")
        return self.first_difference("args", expected, actual or {})

    def first_difference(
        self, root: str, expected: JSON, actual: JSON
    ) -> Difference | None:
        """Find the first difference of two JSON values; paths start with ``root``."""
        rest: list[_Step] = [((None, root), expected, actual)]
        while rest:
            place, wanted, given = rest.pop()
            if not self._is_left_out(place):
                found = self._compare(place, wanted, given, rest)
                if found:
                    return found
        return None

    def _compare(
        self, place: _Place, expected: JSON, actual: JSON, rest: list[_Step]
    ) -> Difference | None:
        """Compare one value; children are put on ``rest``."""
        if expected is _ABSENT and self.mode == "subset":
            return None
        if expected is _ABSENT or expected is _SURPLUS:
            path = _spelled(place)
            return Difference(path=path, actual=actual, problem="unexpected")
        if actual is _ABSENT:
            path = _spelled(place)
            return Difference(path=path, expected=expected, problem="missing")
        if isinstance(expected, dict) and isinstance(actual, dict):
            rest.extend(reversed(list(_members(place, expected, actual))))
        elif _both_lists(expected, actual):
            rest.extend(reversed(list(_elements(place, expected, actual))))
        elif not self._same(expected, actual):
            return Difference(path=_spelled(place), expected=expected, actual=actual)
        return None

    def _is_left_out(self, at: _Place) -> bool:
        if not self.fields and not self.ignored_fields:
            return False
        # Only keys count: ``items.id`` is the id of every item.
        keys = [piece for piece in _pieces(at) if piece.startswith(".")]
        if not keys:
            return False
        place = "".join(keys)[1:]
        if any(_is_inside(place, field) for field in self.ignored_fields):
            return True
        return bool(self.fields) and not any(
            _is_inside(place, field) or _is_inside(field, place)
            for field in self.fields
        )

    def _same(self, expected: JSON, actual: JSON) -> bool:
        if self.patterns and isinstance(expected, str) and isinstance(actual, str):
            return _matches(expected, actual)
        if _is_number(expected) and _is_number(actual):
            return self._same_number(expected, actual)
        return type(expected) is type(actual) and bool(expected == actual)

    def _same_number(self, expected: float, actual: float) -> bool:
        if expected == actual or (expected != expected and actual != actual):
            return True
        if not self.tolerance:
            return False
        try:
            return math.isclose(
                expected, actual, rel_tol=self.tolerance, abs_tol=self.tolerance
            )
        except OverflowError:  # an integer beyond every float
            return False


def _pieces(place: _Place) -> list[str]:
    pieces = []
    at: _Place | None = place
    while at is not None:
        at, piece = at
        pieces.append(piece)
    return pieces[::-1]


def _spelled(place: _Place) -> str:
    return "".join(_pieces(place))


def _brief(value: JSON) -> JSON:
    """Show a scalar as it is, long texts cut; of a container only what it is."""
    if isinstance(value, dict):
        return f"an object of {len(value)}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str) and len(value) > SHOWN_CHARACTERS:
        return value[:SHOWN_CHARACTERS] + "..."
    return value


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error as error:
        raise PatternError(
            f"The expected argument {pattern!r} is no regular expression: {error}."
        ) from error


def _is_inside(place: str, field: str) -> bool:
    return place == field or place.startswith(f"{field}.")


def _is_number(value: JSON) -> bool:
    # In JSON, true is not 1.
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _both_lists(expected: JSON, actual: JSON) -> bool:
    return isinstance(expected, list) and isinstance(actual, list)


def _members(
    place: _Place, expected: JSONObject, actual: JSONObject
) -> Iterator[_Step]:
    for key, value in expected.items():
        yield (place, f".{key}"), value, actual.get(key, _ABSENT)
    for key, value in actual.items():
        if key not in expected:
            yield (place, f".{key}"), _ABSENT, value


def _elements(
    place: _Place, expected: list[JSON], actual: list[JSON]
) -> Iterator[_Step]:
    for i in range(max(len(expected), len(actual))):
        yield (
            (place, f"[{i}]"),
            expected[i] if i < len(expected) else _SURPLUS,
            actual[i] if i < len(actual) else _ABSENT,
        )
