"""What a dialect has to tell about its spans."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from evaluation.conversation.decoding import MISSING, as_count
from evaluation.conversation.messages import Messages
from evaluation.conversation.model import Usage
from evaluation.traces.model import Span
from evaluation.values import JSON, Value

SpanRole = Literal["agent", "workflow", "model", "embedding", "tool"]

Attributes = Mapping[str, JSON]

# Fields that are one attribute under several names. Values are tried in order.
FieldNames = Mapping[str, tuple[str, ...]]

USAGE_FIELDS = ("input", "output", "thought", "cache_read", "cache_creation")


def nothing(_span: Span) -> None:
    """Read nothing: the dialect does not record this."""


def missing(_span: Span) -> JSON:
    """Read nothing where null would be a value."""
    return MISSING


def no_role(_span: Span) -> SpanRole | None:
    """Leave the role of the span to other dialects."""
    return None


def no_error(_span: Span) -> str | None:
    """Leave failures to the status of the span."""
    return None


def no_usage(_span: Span) -> Usage | None:
    """Leave the usage to the table of names."""
    return None


class Dialect(Value, frozen=True, kw_only=True):
    """How one framework or convention writes spans down.

    ``roots`` are the first segments of attribute names by which the dialect is known.
    ``names`` maps a field of the view to attribute names, the most current first.
    ``role`` tells what a span is, ``input``/``output`` read its messages (None: not
    captured), ``arguments``/``result`` a tool call's, ``usage`` tokens that are not
    plain attributes, ``error`` a failure that the status does not tell. ``answers`` says that the output of an agent is what its caller
    got, in the end.
    """

    name: str
    roots: frozenset[str]
    names: FieldNames = {}
    role: Callable[[Span], SpanRole | None] = no_role
    input: Callable[[Span], Messages | None] = nothing
    output: Callable[[Span], Messages | None] = nothing
    arguments: Callable[[Span], JSON] = missing
    result: Callable[[Span], JSON] = missing
    usage: Callable[[Span], Usage | None] = no_usage
    error: Callable[[Span], str | None] = no_error
    answers: bool = False


def first_attribute(attributes: Attributes, names: tuple[str, ...]) -> JSON:
    """Return the first attribute that is there and not null; MISSING when none is."""
    for name in names:
        value = attributes.get(name)
        if value is not None:
            return value
    return MISSING


def usage_of(attributes: Attributes, names: FieldNames) -> Usage | None:
    """Read token counts by a table of names; None when none is there."""
    counts = {
        field: as_count(first_attribute(attributes, names[field]))
        for field in USAGE_FIELDS
        if field in names
    }
    found = any(count is not None for count in counts.values())
    return Usage(**counts) if found else None
