"""What the format readers fill: spans, log records, and problems with their places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from evaluation.errors import TraceFormatError
from evaluation.traces.model import Limits, LogRecord, Problem, Span
from evaluation.values import JSON, JSONObject

# A broken file of half a million spans must not answer with half a million problems.
MAX_PROBLEMS = 1_000


class Reading:
    """The yield of one document while it is being read."""

    def __init__(self, file: str | None, limits: Limits) -> None:
        """Start empty; ``file`` is the name that problems carry."""
        self.file = file
        self.limits = limits
        self.spans: list[Span] = []
        self.logs: list[LogRecord] = []
        self.dropped_problems = 0
        self._problems: list[Problem] = []

    def add(self, span: Span) -> None:
        """Take a span.

        Raises:
            TraceFormatError: The document holds more spans than the limit.
        """
        self.spans.append(span)
        self._refuse_beyond_limit(len(self.spans), "spans")

    def add_log(self, record: LogRecord) -> None:
        """Take a log record; they count against the same limit as spans."""
        self.logs.append(record)
        self._refuse_beyond_limit(len(self.logs), "log records")

    def report(self, problem: Problem) -> None:
        """Take a problem, or only count it once there are very many."""
        if len(self._problems) < MAX_PROBLEMS:
            self._problems.append(problem)
        else:
            self.dropped_problems += 1

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, the uncounted rest summed up in a last one."""
        if not self.dropped_problems:
            return tuple(self._problems)
        message = f"{self.dropped_problems} more problems are not listed"
        rest = Problem(code="more_problems", message=message, file=self.file)
        return (*self._problems, rest)

    def _refuse_beyond_limit(self, count: int, things: str) -> None:
        if count > self.limits.max_spans:
            raise TraceFormatError(
                f"{self.file or 'The document'} holds more {things} than the limit of "
                f"{self.limits.max_spans:,}"
            )


class Place(NamedTuple):
    """Where a reader stands in the document; problems noted here carry it."""

    reading: Reading
    path: str = "$"
    line: int | None = None
    span_id: str | None = None

    def below(self, suffix: str, span_id: str | None = None) -> Place:
        """Return the place ``suffix`` further down, within ``span_id`` if given."""
        path = self.path + suffix
        return Place(self.reading, path, self.line, span_id or self.span_id)

    def at_line(self, line: int) -> Place:
        """Return this place on a line of JSON lines."""
        return self._replace(line=line)

    def note(self, code: str, message: str, suffix: str = "") -> None:
        """Leave a problem at ``suffix`` below this place."""
        self.reading.report(
            Problem(
                code=code,
                message=message,
                file=self.reading.file,
                line=self.line,
                path=self.path + suffix,
                span_id=self.span_id,
            )
        )

    def bad_attribute(self, suffix: str, message: str) -> None:
        """Leave a problem about an attribute; fits ``attributes.Note``."""
        self.note("bad_attribute", message, suffix)

    def objects(self, raw: JSONObject, *names: str) -> Iterator[tuple[JSONObject, str]]:
        """Yield the objects of the first non-empty list among ``names``.

        A single object stands for a list of one. What is no object is noted and
        passed over. Each comes with its path below this place.
        """
        name = next((name for name in names if raw.get(name)), None)
        if name is None:
            return
        for index, item in enumerate(self._listed(raw[name], name)):
            suffix = f".{name}[{index}]"
            if isinstance(item, dict):
                yield item, suffix
            else:
                self.note("not_an_object", "expected an object here", suffix)

    def _listed(self, value: JSON, name: str) -> list[JSON]:
        if isinstance(value, list):
            return value
        if isinstance(value, dict):
            return [value]
        self.note("not_a_list", "expected a list here", f".{name}")
        return []
