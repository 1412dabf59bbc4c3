"""The results of a run as a file, for people and for other tools."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

import msgspec
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from evaluation.reports import junit
from evaluation.reports.document import document, write
from evaluation.values import JSON, JSONObject
from results.api.queries import OLDEST_FIRST
from results.models import Result
from results.rebuilding import rebuild
from results.rendering import render_result
from runs.api.files import stream
from runs.api.parameters import Parameters, one_of
from runs.api.views import DurableViewSet
from runs.models import Run

# Rows that are read and written at a time.
CHUNK = 200
# A cell that begins so is a formula to a spreadsheet, and may send what it likes where it
# likes (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - their wide forms, which count as well
COLUMNS = (
    "runId",
    "resultId",
    "traceId",
    "evalSetItemId",
    "evaluatorName",
    "evaluatorType",
    "status",
    "score",
    "errorCode",
    "errorText",
    "latencyMs",
    "attempt",
    "createdAt",
)
Chunks = Iterator[list[Result]]


class Format(NamedTuple):
    """A format: how it is written, what it is, and how its files end."""

    write: Callable[[Run, Chunks], Iterator[bytes]]
    media_type: str
    suffix: str


class RunExportViewSet(DurableViewSet):
    """What was found in one run, as a file."""

    def list(self, request: Request, run_id: str) -> HttpResponseBase:
        """Send the results as `json` (default), `ndjson`, `csv` or `junit`."""
        given = Parameters(request.query_params)
        chosen = FORMATS[given.take("format", one_of(FORMATS)) or "json"]
        given.check()
        run = self.run_or_404(run_id)
        return stream(
            request,
            chosen.write(run, stored(run)),
            name=f"run-{run.pk}{chosen.suffix}",
            media_type=chosen.media_type,
        )


def stored(run: Run) -> Chunks:
    """Read the results of a run, oldest first, some at a time; no cursor stays open."""
    after = None
    while True:
        page = OLDEST_FIRST.page(run.results.all(), limit=CHUNK, after=after)
        yield page.rows
        if page.next_cursor is None:
            return
        after = OLDEST_FIRST.read(page.next_cursor)


def write_json(run: Run, chunks: Chunks) -> Iterator[bytes]:
    """Write the document of ``agentevals run -o json``, with the run and its ids."""
    rows = list(chain.from_iterable(chunks))
    ids = {
        (row.trace_id or row.eval_set_item_id, row.evaluator_name): row.result_id
        for row in rows
    }
    told = document(rebuild(run, rows))
    for trace in told["traces"]:
        for metric in trace["metrics"]:
            key = (trace["trace_id"], metric["metric_name"])
            metric["result_id"] = ids.get(key)
    yield write({"run": _head(run), **told}).encode()


def _head(run: Run) -> JSONObject:
    times = {"created_at": run.created_at, "finished_at": run.finished_at}
    return {
        "run_id": str(run.pk),
        "name": run.name,
        "labels": run.labels,
        "status": run.status,
        "verdict": (run.summary or {}).get("verdict"),
        "attempt": run.attempt,
        **msgspec.to_builtins(times),
    }


def write_ndjson(run: Run, chunks: Chunks) -> Iterator[bytes]:
    """Write one result a line, as the results endpoint shows it."""
    for rows in chunks:
        yield b"".join(msgspec.json.encode(render_result(row)) + b"\n" for row in rows)


def write_csv(run: Run, chunks: Chunks) -> Iterator[bytes]:
    """Write a table: one result a row, nothing measured is an empty cell."""
    yield _lines([COLUMNS])
    for rows in chunks:
        shown: list[JSONObject] = msgspec.to_builtins([render_result(r) for r in rows])
        yield _lines([_cell(row[column]) for column in COLUMNS] for row in shown)


def _lines(rows: Iterable[Iterable[JSON]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: JSON) -> JSON:
    """Keep text from being a formula; numbers are none, also below zero."""
    is_formula = isinstance(value, str) and value.startswith(FORMULA)
    return f"'{value}" if is_formula else value


def write_junit(run: Run, chunks: Chunks) -> Iterator[bytes]:
    """Write what CI servers show: a suite a trace, a case a result."""
    yield junit.report(rebuild(run, chain.from_iterable(chunks))).encode()


FORMATS = {
    "json": Format(write_json, "application/json", ".json"),
    "ndjson": Format(write_ndjson, "application/x-ndjson", ".ndjson"),
    "csv": Format(write_csv, "text/csv; charset=utf-8", ".csv"),
    "junit": Format(write_junit, "application/xml", ".xml"),
}
