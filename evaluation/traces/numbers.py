"""Numbers and times as exporters write them: digits in text, floats, ISO 8601."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from evaluation.values import JSON

NS_PER_US = 1_000
NS_PER_S = 1_000_000_000

_FRACTION_DIGITS = 9
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](\d+))? ?(Z|z|[+-]\d\d:?\d\d)"
).fullmatch

# A time without a unit in its name: nothing that agents did lies before 1973 or after
# 5138, so the size of the number tells seconds, milli-, micro- and nanoseconds apart.
_UNITS = (
    (100_000_000_000, NS_PER_S),
    (100_000_000_000_000, 1_000_000),
    (100_000_000_000_000_000, NS_PER_US),
)


def integer(value: JSON) -> int | None:
    """Read an integer; None for anything that is not exactly one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        return _integer_text(value)
    return None


def _integer_text(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        number = real(text)
        return int(number) if number is not None and number.is_integer() else None


def real(value: JSON) -> float | None:
    """Read a float, "NaN" and "Infinity" included; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def nanoseconds(value: JSON) -> int | None:
    """Read nanoseconds since the epoch, or an ISO 8601 time with a zone."""
    return _in_range(iso_nanoseconds(value) if _is_iso(value) else integer(value))


def microseconds(value: JSON) -> int | None:
    """Read microseconds (fractions too) or an ISO time, as nanoseconds."""
    if type(value) is int:  # nearly always
        return _in_range(value * NS_PER_US)
    if _is_iso(value):
        return _in_range(iso_nanoseconds(value))
    count = integer(value)
    if count is not None:
        return _in_range(count * NS_PER_US)
    number = real(value)
    if number is None or not math.isfinite(number):
        return None
    # A float of today's nanoseconds is off by up to 128; its fraction alone is not.
    whole = math.floor(number)
    return _in_range(whole * NS_PER_US + math.floor((number - whole) * NS_PER_US))


def moment(value: JSON) -> int | None:
    """Read a time whose unit nobody names, as nanoseconds since the epoch."""
    if _is_iso(value):
        return _in_range(iso_nanoseconds(value))
    number = integer(value)
    if number is None:
        return _fractional_moment(value)
    return _in_range(number * _unit(number))


def _in_range(time_ns: int | None) -> int | None:
    """Drop what fits into no 64 bits: no clock shows it, and no format carries it."""
    return None if time_ns is None or abs(time_ns) >= 1 << 64 else time_ns


def _fractional_moment(value: JSON) -> int | None:
    number = real(value)
    if number is None or not math.isfinite(number):
        return None
    return _in_range(round(number * _unit(number)))


def _unit(number: float) -> int:
    return next((unit for limit, unit in _UNITS if abs(number) < limit), 1)


def _is_iso(value: JSON) -> bool:
    return isinstance(value, str) and value[4:5] == "-"


def iso_nanoseconds(value: str) -> int | None:
    """Read an ISO 8601 time with a zone; None without one, since it is a guess."""
    match = _ISO(value)
    if match is None:
        return None
    whole, fraction, zone = match.groups()
    try:
        instant = datetime.fromisoformat(whole + zone.upper())
    except ValueError:
        return None
    since = instant - datetime(1970, 1, 1, tzinfo=UTC)
    padded = (fraction or "")[:_FRACTION_DIGITS].ljust(_FRACTION_DIGITS, "0")
    return (since.days * 86_400 + since.seconds) * NS_PER_S + int(padded)
