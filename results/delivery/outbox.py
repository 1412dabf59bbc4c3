"""Writing deliveries in the transaction of what they tell."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Max

from evaluation.values import JSONObject
from results.models import Delivery, Phase, Result
from results.rendering import render_result
from runs.models import EventKind, Run, RunEvent
from runs.sinks import KINDS

PHASES: Mapping[str, Phase] = {
    EventKind.SUCCEEDED: Phase.FINAL,
    EventKind.FAILED: Phase.ERROR,
    EventKind.CANCELLED: Phase.ERROR,
}

news = threading.Event()
"""Set when this process has committed deliveries, so that nobody has to poll for them."""


def announce_results(results: Sequence[Result]) -> None:
    """Put results that were just saved in the outbox; their runs are locked."""
    told = [result for result in results if destinations(result.run)]
    if not told:
        return
    runs = {result.run_id: result.run for result in told}
    rendered: dict[UUID, list[JSONObject]] = {pk: [] for pk in runs}
    # Read again: the time of creation is the database's.
    saved = Result.objects.filter(pk__in=[result.pk for result in told])
    for row in saved.oldest_first():
        rendered[row.run_id].append(_storable(render_result(row)))
    _put({runs[pk]: (Phase.PARTIAL, {"results": rendered[pk]}) for pk in runs})


def announce_endings(events: Sequence[RunEvent]) -> None:
    """Put the ends of runs in the outbox: it listens to the log of events."""
    ends = {event.run: PHASES[event.kind] for event in events if event.kind in PHASES}
    told = {run: phase for run, phase in ends.items() if destinations(run)}
    if told:
        _put({run: (phase, _ending(run, phase)) for run, phase in told.items()})


def destinations(run: Run) -> dict[int, str]:
    """Return the sinks of a run that can be delivered to, by their place in the list."""
    kinds = {i: sink.get("kind") for i, sink in enumerate(run.spec.get("sinks") or ())}
    return {i: str(kind) for i, kind in kinds.items() if kind in KINDS}


def _ending(run: Run, phase: Phase) -> JSONObject:
    if phase is Phase.FINAL:
        return {"summary": run.summary}
    return {"error": run.error or run.error_code or run.status}


def _put(told: Mapping[Run, tuple[Phase, JSONObject]]) -> None:
    """Write one row a sink; the lock of the run's row keeps the numbers gap-free."""
    last = dict(
        Delivery.objects.filter(run__in=told)
        .values_list("run")
        .annotate(latest=Max("sequence"))
    )
    Delivery.objects.bulk_create(
        Delivery(
            run=run,
            sink_index=index,
            sink_kind=kind,
            phase=phase,
            sequence=last.get(run.pk, 0) + 1,
            run_attempt=run.attempt,
            payload=payload,
        )
        for run, (phase, payload) in told.items()
        for index, kind in destinations(run).items()
    )
    transaction.on_commit(news.set)


def _storable(document: JSONObject) -> JSONObject:
    """Return plain JSON: times and ids as text, numbers that are none as null."""
    plain: JSONObject = msgspec.json.decode(msgspec.json.encode(document))
    return plain
