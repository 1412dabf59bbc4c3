"""The options that evaluators of built-in metrics take, and how each is read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from evaluation.documents import (
    as_list,
    as_object,
    as_string,
    fault,
    inside,
    shown,
)
from evaluation.values import JSON, JSONObject, Value

MAX_SAMPLES = 25
# A host, perhaps a port and a path: no user, no query.
_BASE_URL = re.compile(r"https?://[^/?#@\s\\]+(/[^?#@\s\\]*)?", re.ASCII)
MATCH_TYPES = ("EXACT", "IN_ORDER", "ANY_ORDER")


class Option(Value, frozen=True, kw_only=True):
    """One option: how its value is read, and what it does."""

    read: Callable[[JSON, str], JSON]
    does: str


def as_measure(value: JSON, path: str) -> float:
    """Read a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise fault(path, f"must be a number, got {shown(value)}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise fault(path, f"must be a finite number, got {value}.")
    number: float = value
    return number


def as_amount(value: JSON, path: str) -> float:
    """Read a finite number of at least 0."""
    number = as_measure(value, path)
    if number < 0:
        raise fault(path, f"must be 0 or more, got {shown(value)}.")
    return number


def as_count(value: JSON, path: str) -> int:
    """Read a whole number of at least 1."""
    is_whole = isinstance(value, int) or (
        isinstance(value, float) and value.is_integer()  # JSON has one kind of numbers
    )
    if isinstance(value, bool) or not is_whole or value < 1:
        raise fault(path, f"must be a whole number of at least 1, got {shown(value)}.")
    return int(value)


def as_samples(value: JSON, path: str) -> int:
    """Read how often a judge is asked."""
    count = as_count(value, path)
    if count > MAX_SAMPLES:
        raise fault(path, f"must be at most {MAX_SAMPLES}, got {shown(value)}.")
    return count


def as_text(value: JSON, path: str) -> str:
    """Read a text that says something."""
    text = as_string(value, path)
    if not text.strip():
        raise fault(path, "must not be empty.")
    return text


def as_choices(value: JSON, path: str) -> JSONObject:
    """Read verdicts with their scores, 0 to 1; there are at least two."""
    choices = as_object(value, path)
    if len({choice.strip().casefold() for choice in choices}) < max(2, len(choices)):
        raise fault(path, "must hold at least two verdicts that differ.")
    for choice, score in choices.items():
        if as_amount(score, inside(path, choice)) > 1:
            raise fault(inside(path, choice), "must be between 0 and 1.")
    return choices


def as_flag(value: JSON, path: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise fault(path, f"must be true or false, got {shown(value)}.")
    return value


def as_strings(value: JSON, path: str) -> list[str]:
    """Read a list of at least one string."""
    items = [
        as_string(item, f"{path}[{i}]") for i, item in enumerate(as_list(value, path))
    ]
    if not items:
        raise fault(path, "must list at least one text; remove the key otherwise.")
    return items


def choice(*names: str) -> Callable[[JSON, str], str]:
    """Make a reader for one of ``names``, in whatever case."""
    by_folded = {name.casefold(): name for name in names}

    def read(value: JSON, path: str) -> str:
        found = by_folded.get(value.casefold()) if isinstance(value, str) else None
        if found is None:
            raise fault(path, f"must be one of {', '.join(names)}, got {shown(value)}.")
        return found

    return read


def as_base_url(value: JSON, path: str) -> str:
    """Read the address of a service that speaks OpenAI's protocol."""
    url = as_string(value, path).strip()
    if not _BASE_URL.fullmatch(url):
        raise fault(
            path,
            f"must be an address like http://localhost:11434/v1, got {_shown_url(url)}; "
            "the key has no place in it.",
        )
    return url.rstrip("/")


def _shown_url(url: str) -> str:
    """Repeat an address, but not what may be a key: an error gets into logs."""
    return "one with a key or a name in it" if re.search("[@?#]", url) else shown(url)


def as_prices(value: JSON, path: str) -> JSONObject:
    """Read a price table: model -> US dollars for a million tokens of each kind."""
    table = as_object(value, path)
    kinds = ("input", "output", "cache_read", "cache_creation")
    for model, prices in table.items():
        place = inside(path, model)
        for kind, price in as_object(prices, place).items():
            if kind not in kinds:
                raise fault(inside(place, kind), f"must be one of {', '.join(kinds)}.")
            as_amount(price, inside(place, kind))
        for kind in kinds[:2]:
            if kind not in prices:
                raise fault(inside(place, kind), "is missing; give a price.")
    return table


def as_rubrics(value: JSON, path: str) -> list[JSONObject]:
    """Read rubrics: texts, or objects with ``id`` and ``text``; ids are unique."""
    rubrics: list[JSONObject] = []
    for i, item in enumerate(as_list(value, path)):
        place = f"{path}[{i}]"
        if isinstance(item, str):
            rubrics.append({"id": f"rubric_{i}", "text": item})
            continue
        entry = as_object(item, place)
        unknown = sorted(set(entry) - {"id", "text"})
        if unknown:
            raise fault(
                inside(place, unknown[0]),
                "is no key of a rubric; a rubric has 'id' and 'text'.",
            )
        rubrics.append(
            {
                key: as_string(entry.get(key), inside(place, key))
                for key in ("id", "text")
            }
        )
    _refuse_repeated(rubrics, path)
    return rubrics


def _refuse_repeated(rubrics: list[JSONObject], path: str) -> None:
    seen: set[str] = set()
    for i, rubric in enumerate(rubrics):
        if rubric["id"] in seen:
            raise fault(
                f"{path}[{i}].id",
                f"{rubric['id']!r} is given twice; ids of rubrics are unique.",
            )
        seen.add(rubric["id"])


OPTIONS: Mapping[str, Option] = {
    "trajectory_match_type": Option(
        read=choice(*MATCH_TYPES),
        does="EXACT, IN_ORDER or ANY_ORDER (default EXACT)",
    ),
    "arguments": Option(
        read=choice("exact", "ignore", "subset"),
        does="compare all arguments, none, or only the expected ones (default exact)",
    ),
    "argument_fields": Option(
        read=as_strings, does="compare only these arguments (dotted paths)"
    ),
    "ignored_argument_fields": Option(
        read=as_strings, does="leave these arguments out (dotted paths)"
    ),
    "argument_patterns": Option(
        read=as_flag, does="expected texts are regular expressions (default false)"
    ),
    "numeric_tolerance": Option(
        read=as_amount,
        does="numbers may differ by this much, absolute or relative (default 0)",
    ),
    "max": Option(
        read=as_amount, does="the most that passes; without it nothing fails"
    ),
    "tools": Option(read=as_strings, does="names of tools"),
    "texts": Option(read=as_strings, does="texts that the answer must contain"),
    "ignore_case": Option(read=as_flag, does="case does not count"),
    "ignore_white_space": Option(
        read=as_flag, does="runs of white space count as one space (default true)"
    ),
    "max_repeats": Option(
        read=as_count, does="how often in a row a call may be made (default 2)"
    ),
    "prices": Option(
        read=as_prices, does="US dollars for a million tokens, by model and kind"
    ),
    "judge_model": Option(read=as_string, does="the model that judges"),
    "judge_base_url": Option(read=as_base_url, does="where the judge answers"),
    "credential_ref": Option(read=as_string, does="the name of the judge's key"),
    "samples": Option(
        read=as_samples, does="how often the judge is asked at most (default 5)"
    ),
    "instructions": Option(read=as_text, does="what the judge looks at"),
    "choices": Option(
        read=as_choices, does="verdicts and their scores (default pass 1, fail 0)"
    ),
    "rubrics": Option(read=as_rubrics, does="what the judge checks"),
}
