"""Spans to forests: each span id once, each span below exactly one root.

* A span whose parent is in the trace becomes its child, any other a root.
* Of spans with one id (an exporter's retry, a partial and a final export) the later
  copy stays, at the place of the first. But a copy that is its own parent never replaces
  one that is not, nor an unfinished copy a finished one.
* A span without an id gets one of its own and keeps its parent.
* A cycle is cut at its earliest span, which becomes a root without a parent.

All of it is linear in the number of spans, but for sorting siblings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from evaluation.traces.model import LogRecord, Problem, Span, Trace
from evaluation.traces.reading import MAX_PROBLEMS


def build_traces(
    spans: Iterable[Span], *, file: str | None = None
) -> tuple[Trace, ...]:
    """Group spans by trace id, in order of first appearance, each group a forest."""
    groups: defaultdict[str, list[Span]] = defaultdict(list)
    for span in spans:
        groups[span.trace_id].append(span)
    return tuple(
        build_trace(trace_id, group, file=file) for trace_id, group in groups.items()
    )


def build_trace(
    trace_id: str, spans: Iterable[Span], *, file: str | None = None
) -> Trace:
    """Build the forest of one trace; see the module for the rules."""
    problems: list[Problem] = []
    by_id = _identified(spans, problems, file)
    for span_id in _cycle_heads(by_id):
        message = f"a cycle of parents is cut here (parent {by_id[span_id].parent_id})"
        problems.append(_problem("parent_cycle", message, span_id, file))
        by_id[span_id] = msgspec.structs.replace(by_id[span_id], parent_id=None)
    roots, children = _families(by_id)
    return Trace(
        trace_id=trace_id,
        spans=tuple(by_id.values()),
        roots=roots,
        children=children,
        problems=_capped(problems, file),
    )


def _identified(
    spans: Iterable[Span], problems: list[Problem], file: str | None
) -> dict[str, Span]:
    """Index spans by id, in file order, with copies merged and gaps filled."""
    by_id: dict[str, Span] = {}
    nameless: list[tuple[str, Span]] = []
    for span in spans:
        if not span.span_id:
            # Holds the place in file order; no real id contains a NUL.
            key = f"\0{len(nameless)}"
            nameless.append((key, span))
            by_id[key] = span
        elif span.span_id not in by_id:
            by_id[span.span_id] = span
        else:
            message = "the span id occurs more than once; one copy is kept"
            problems.append(_problem("duplicate_span", message, span.span_id, file))
            by_id[span.span_id] = _better(by_id[span.span_id], span)
    return _with_names(by_id, len(nameless), problems, file) if nameless else by_id


def _with_names(
    by_id: dict[str, Span], count: int, problems: list[Problem], file: str | None
) -> dict[str, Span]:
    taken = set(by_id)
    named: dict[str, Span] = {}
    number = 0
    for key, span in by_id.items():
        if span.span_id:
            named[key] = span
            continue
        number += 1
        while (span_id := f"unidentified-{number}") in taken:
            number += 1
        problems.append(
            _problem(
                "missing_span_id", "a span has no id; it got this one", span_id, file
            )
        )
        named[span_id] = msgspec.structs.replace(span, span_id=span_id)
    return named


def _better(first: Span, later: Span) -> Span:
    return max(later, first, key=_soundness)


def _soundness(span: Span) -> tuple[bool, bool]:
    return span.parent_id != span.span_id, span.end_ns is not None


def _cycle_heads(by_id: Mapping[str, Span]) -> list[str]:
    """Return the earliest span of every cycle of parents."""
    entries: list[str] = []
    walked: dict[str, int] = {}
    for walk, start in enumerate(by_id):
        current: str | None = start
        while current is not None and current in by_id and current not in walked:
            walked[current] = walk
            current = by_id[current].parent_id
        if current is not None and walked.get(current) == walk:
            entries.append(current)
    order = {span_id: index for index, span_id in enumerate(by_id)} if entries else {}
    return [_earliest(by_id, entry, order) for entry in entries]


def _earliest(by_id: Mapping[str, Span], entry: str, order: Mapping[str, int]) -> str:
    """Return the earliest span of the cycle at ``entry``; of equals, the first."""
    cycle = [entry]
    while (parent := by_id[cycle[-1]].parent_id) != entry and parent is not None:
        cycle.append(parent)
    return min(cycle, key=lambda span_id: (_start(by_id[span_id]), order[span_id]))


def _start(span: Span) -> int:
    return span.start_ns or 0


def _families(
    by_id: Mapping[str, Span],
) -> tuple[tuple[Span, ...], dict[str, tuple[Span, ...]]]:
    roots: list[Span] = []
    children: defaultdict[str, list[Span]] = defaultdict(list)
    for span in by_id.values():
        parent_id = span.parent_id
        known = parent_id is not None and parent_id in by_id
        (children[parent_id] if known and parent_id else roots).append(span)
    sorted_children = {
        parent: tuple(sorted(siblings, key=_start))
        for parent, siblings in children.items()
    }
    return tuple(sorted(roots, key=_start)), sorted_children


def join_logs(
    spans: list[Span], logs: Iterable[LogRecord]
) -> tuple[list[Span], list[LogRecord]]:
    """Hang log records on their spans.

    Returns:
        The spans, with their records, and the records that belong to none of them.
    """
    by_ids: defaultdict[tuple[str, str], list[LogRecord]] = defaultdict(list)
    for record in logs:
        by_ids[record.trace_id, record.span_id].append(record)
    joined = [
        msgspec.structs.replace(span, logs=span.logs + tuple(own))
        if (own := by_ids.get((span.trace_id, span.span_id)))
        else span
        for span in spans
    ]
    known = {(span.trace_id, span.span_id) for span in spans}
    lost = [r for ids, own in by_ids.items() if ids not in known for r in own]
    return joined, lost


def _problem(code: str, message: str, span_id: str, file: str | None) -> Problem:
    return Problem(code=code, message=message, file=file, span_id=span_id)


def _capped(problems: list[Problem], file: str | None) -> tuple[Problem, ...]:
    if len(problems) <= MAX_PROBLEMS:
        return tuple(problems)
    message = f"{len(problems) - MAX_PROBLEMS} more problems are not listed"
    rest = Problem(code="more_problems", message=message, file=file)
    return (*problems[:MAX_PROBLEMS], rest)
