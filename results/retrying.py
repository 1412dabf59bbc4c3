"""Trying a run again: the same run, its next attempt, only the units that need it."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import transaction

from results.models import ResultStatus
from runs import queue
from runs.models import RunEvent
from runs.requests import Units

# Whose results are dropped; what has none is evaluated in any case.
AGAIN: dict[Units, list[str]] = {
    "errored": [ResultStatus.ERRORED],
    "failed": [ResultStatus.ERRORED, ResultStatus.FAILED],
    "all": list(ResultStatus.values),
}


def retry(run_id: UUID, units: Units) -> None:
    """Queue a run that has ended once more.

    Raises:
        RunNotFoundError: there is no such run.
        RunNotEndedError: it waits or runs.
    """
    with transaction.atomic():
        run = queue.locked_ended(run_id)
        run.results.filter(status__in=AGAIN[units]).delete()
        event = run.reopen(attempts=settings.MAX_RUN_ATTEMPTS, units=units)
        RunEvent.objects.log([event])
