"""What every trace format is read into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from evaluation.values import JSON, Value

SpanKind = Literal[
    "unspecified", "internal", "server", "client", "producer", "consumer"
]
StatusCode = Literal["unset", "ok", "error"]


class Problem(Value, frozen=True, kw_only=True):
    """Something in a document that could not be read, and where it stands.

    ``code`` is stable and for programs; ``path`` is a JSON path into the document.
    """

    code: str
    message: str
    file: str | None = None
    line: int | None = None
    path: str | None = None
    span_id: str | None = None

    def __str__(self) -> str:
        """Render as one line: the place, then what is wrong."""
        line = f"line {self.line}" if self.line is not None else None
        span = f"span {self.span_id}" if self.span_id else None
        place = ", ".join(part for part in (self.file, line, self.path, span) if part)
        return f"{place}: {self.message}" if place else self.message


class SpanEvent(Value, frozen=True, kw_only=True):
    """A timed happening inside a span; ``time_ns`` is nanoseconds since the epoch."""

    name: str
    time_ns: int | None = None
    attributes: Mapping[str, JSON] = {}


class SpanLink(Value, frozen=True, kw_only=True):
    """A reference to a span that is not the parent."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, JSON] = {}


class Scope(Value, frozen=True, kw_only=True):
    """The instrumentation library that made the span."""

    name: str = ""
    version: str = ""
    attributes: Mapping[str, JSON] = {}


class LogRecord(Value, frozen=True, kw_only=True):
    """A log record of the same export, joined to a span by its ids."""

    trace_id: str
    span_id: str
    event_name: str = ""
    time_ns: int | None = None
    body: JSON = None
    attributes: Mapping[str, JSON] = {}


class Span(Value, frozen=True, kw_only=True):
    """One operation, lossless.

    Ids are lower-case hex where the source was hex or base64 of the right length, else
    the source's own text. Times are nanoseconds since the epoch; None means that the
    source does not say (an unfinished span has no ``end_ns``). ``attributes`` holds the
    span's own attributes with their decoded types; those of resource and scope stay
    apart. ``events`` are in file order; log records joined by id come as ``logs``.
    """

    trace_id: str
    span_id: str
    parent_id: str | None = None
    name: str = ""
    kind: SpanKind = "unspecified"
    start_ns: int | None = None
    end_ns: int | None = None
    status: StatusCode = "unset"
    status_message: str = ""
    attributes: Mapping[str, JSON] = {}
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()
    logs: tuple[LogRecord, ...] = ()
    resource: Mapping[str, JSON] = {}
    scope: Scope = Scope()

    @property
    def duration_ns(self) -> int | None:
        """Nanoseconds from start to end, never negative; None when unfinished."""
        if self.start_ns is None or self.end_ns is None:
            return None
        return max(0, self.end_ns - self.start_ns)


class Trace(Value, frozen=True, kw_only=True):
    """The spans of one trace id as a forest.

    ``spans`` are in file order, each span id once. ``roots`` and the tuples in
    ``children`` (by parent span id; no key for a leaf) are sorted by start time, ties
    in file order. Every span is reachable from exactly one root: cycles are cut.
    """

    trace_id: str
    spans: tuple[Span, ...]
    roots: tuple[Span, ...]
    children: Mapping[str, tuple[Span, ...]] = {}
    problems: tuple[Problem, ...] = ()

    def children_of(self, span: Span) -> tuple[Span, ...]:
        """Return the direct children of ``span`` by start time."""
        return self.children.get(span.span_id, ())


class Limits(Value, frozen=True, kw_only=True):
    """How much one document may hold before it is refused.

    Sizes are bytes after decompression, ``max_depth`` counts nested JSON containers.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_spans: int = 500_000
    max_depth: int = 512


class LoadedTraces(Value, frozen=True, kw_only=True):
    """What one document held.

    ``format`` is ``jaeger-json``, ``otlp-json`` (every shape of OTLP in JSON, Tempo's
    included), ``otlp-proto`` or ``langfuse-json``. Problems belong to the document;
    those that belong to one trace are on the trace. ``logs`` are the records that
    belong to no span of this document (another one may hold it).
    """

    format: str
    traces: tuple[Trace, ...]
    logs: tuple[LogRecord, ...] = ()
    problems: tuple[Problem, ...] = ()
