"""Deleting runs that have ended, with everything that is theirs alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from runs import queue
from runs.models import Run, RunInput, TraceDocument

BATCH = 100


def delete(run_id: UUID) -> None:
    """Delete a run, its results, events and deliveries, and traces that only it reads.

    Raises:
        RunNotFoundError: there is no such run.
        RunNotEndedError: it waits or runs.
    """
    with transaction.atomic():
        run = queue.locked_ended(run_id)
        _delete([run.pk])


def prune(*, older_than: timedelta, limit: int = BATCH) -> int:
    """Delete up to ``limit`` of the runs that ended longer ago, the oldest first.

    Several may prune at once: they skip each other's runs.

    Returns:
        How many were deleted; fewer than ``limit`` when nothing is left.
    """
    with transaction.atomic():
        old = Run.objects.ended_before(older_than).lock(skip_locked=True)
        ids = list(old.values_list("pk", flat=True)[:limit])
        _delete(ids)
    return len(ids)


def _delete(ids: Sequence[UUID]) -> None:
    inputs = RunInput.objects.filter(run__in=ids)
    digests = list(inputs.values_list("document", flat=True).distinct())
    Run.objects.filter(pk__in=ids).only("pk").delete()
    TraceDocument.objects.delete_unused(digests)
