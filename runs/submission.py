"""Accepting a run: durable before it is acknowledged, and the same request finds it again."""

from __future__ import annotations

from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Max

from evaluation.values import JSON
from runs.errors import RunConflictError
from runs.models import EventKind, Run, RunInput, TraceDocument
from runs.spec import Submission, canonical, decode_payload


class Accepted(NamedTuple):
    """The stored run, and whether this request made it."""

    run: Run
    created: bool


def submit(submission: Submission, *, max_attempts: int) -> Accepted:
    """Queue a run, or find the one that the same request made before.

    Raises:
        RunConflictError: the id belongs to a run with another spec.
    """
    existing = _existing(submission)
    if existing is None:
        try:
            return Accepted(_insert(submission, max_attempts), created=True)
        except IntegrityError:
            # The same id was submitted at the same moment and won; anything else that
            # the database refuses is a fault of ours and is not hidden.
            existing = _existing(submission)
            if existing is None:
                raise
    if not _asks_the_same(existing, submission):
        raise RunConflictError(existing)
    return Accepted(existing, created=False)


def _existing(submission: Submission) -> Run | None:
    if submission.run_id is None:
        return None
    return Run.objects.filter(pk=submission.run_id).first()


def _insert(submission: Submission, max_attempts: int) -> Run:
    document = TraceDocument.of(submission.inline, format=submission.inline_format)
    run = Run(
        spec=submission.spec,
        fingerprint=submission.fingerprint,
        name=submission.name,
        labels=submission.labels,
        priority=submission.priority,
        project=submission.project,
        max_attempts=max_attempts,
    )
    if submission.run_id is not None:
        run.run_id = submission.run_id
    event = run.append_event(EventKind.QUEUED)
    with transaction.atomic():
        run.fair_key = next_fair_key(run.project)
        run.save(force_insert=True)
        TraceDocument.store([document])
        RunInput.objects.create(run=run, position=0, document=document)
        event.save(force_insert=True)
    return run


def next_fair_key(project: str) -> int:
    """Return a new run's place in virtual time (start-time fair queueing).

    A project's next run starts after its last one that waits or runs, and not before
    what is being served now: so one that floods the queue spreads over virtual time,
    and one that comes with a single run is next. A key never changes, so nobody starves.
    Two submits at once may get the same key; the order of creation decides then.
    """
    served = Run.objects.running().aggregate(latest=Max("fair_key"))["latest"]
    if served is None:
        # With nothing being served, the head of the queue is virtual time.
        served = Run.objects.due().values_list("fair_key", flat=True).first()
    last = (
        Run.objects.unfinished()
        .filter(project=project)
        .aggregate(latest=Max("fair_key"))["latest"]
    )
    return max(served or 0, 0 if last is None else last + 1)


def _asks_the_same(run: Run, submission: Submission) -> bool:
    """Compare by fingerprint, and by meaning when the payload is only spelled otherwise."""
    if run.fingerprint == submission.fingerprint:
        return True
    if canonical(run.spec) != canonical(submission.spec):
        return False
    stored = run.inputs.select_related("document").get(position=0).document.verbatim()
    return _same_payload(stored, submission.inline)


def _same_payload(stored: bytes, sent: bytes) -> bool:
    documents: list[JSON] = [decode_payload(stored), decode_payload(sent)]
    return canonical(documents[0]) == canonical(documents[1])
