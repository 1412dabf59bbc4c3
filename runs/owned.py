"""Runs that whoever accepts them evaluates at once: they never wait in the queue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

from django.db import transaction

from evaluation.values import JSONObject
from runs.models import EventKind, Run, RunEvent, RunInput, RunStatus, TraceDocument
from runs.models.clock import Now, from_now
from runs.spec import Payload, fingerprint_of, metrics_of


def begin(
    spec: JSONObject,
    documents: Iterable[Payload],
    *,
    worker_id: str,
    lease: timedelta,
    deadline: timedelta,
) -> Run:
    """Store a run that is running already, owned under a lease like any other.

    Its only attempt is the first, so no worker ever claims it: what is lost, fails. The
    documents are stored too, one at a time, so that it can be run again.
    """
    run = Run(
        run_id=uuid4(),
        status=RunStatus.RUNNING,
        spec=spec,
        metrics=metrics_of(spec),
        attempt=1,
        max_attempts=1,
        worker_id=worker_id,
        claimed_at=Now(),
        started_at=Now(),
        lease_expires_at=from_now(lease),
        deadline_at=from_now(deadline),
    )
    events = [
        run.append_event(EventKind.QUEUED),
        run.append_event(EventKind.CLAIMED, attempt=1, worker_id=worker_id),
    ]
    stored = [_stored(run, place, each) for place, each in enumerate(documents)]
    run.fingerprint = fingerprint_of(spec, [each.document_id for each in stored])
    with transaction.atomic():
        Run.objects.bulk_create([run])
        TraceDocument.objects.keep(each.document for each in stored)
        RunInput.objects.bulk_create(stored)
        RunEvent.objects.log(events)
    return run


def _stored(run: Run, position: int, payload: Payload) -> RunInput:
    document = TraceDocument.of(payload.content, format=payload.format)
    document.received = None  # only what is compressed is kept while others are read
    return RunInput(run=run, position=position, name=payload.name, document=document)
