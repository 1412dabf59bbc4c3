"""Which runs: what the queue and the history ask the table of runs for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import ExpressionWrapper, F, Prefetch, prefetch_related_objects

from runs.errors import LeaseLostError
from runs.models.changes import NOTHING, changed_alike, merged
from runs.models.clock import Now, from_now
from runs.models.documents import RunInput
from runs.models.status import TERMINAL, Lease, RunStatus

if TYPE_CHECKING:  # a run has its queries
    from runs.models.run import Run


def _stored_inputs(*, content: bool) -> Prefetch[str]:
    inputs = RunInput.objects.order_by("position").select_related("document")
    if not content:
        inputs = inputs.defer("document__content")
    return Prefetch("inputs", inputs, to_attr="stored_inputs")


def load_inputs(runs: Sequence[Run]) -> None:
    """Read the documents with their bytes for runs that are at hand without them."""
    prefetch_related_objects(runs, _stored_inputs(content=True))


class RunQuerySet(models.QuerySet["Run"]):
    """Chainable ways to say which runs."""

    def with_inputs(self, *, content: bool) -> Self:
        """Read along the documents, with their bytes or without."""
        return self.prefetch_related(_stored_inputs(content=content))

    def newest_first(self) -> Self:
        """Order as the history shows: newest first, ties by id."""
        return self.order_by("-created_at", "-run_id")

    def due(self) -> Self:
        """Keep what may be claimed now, in the order of claims."""
        waiting = self.filter(status=RunStatus.QUEUED, available_at__lte=Now())
        return waiting.order_by("-priority", "fair_key", "created_at", "run_id")

    def unfinished(self) -> Self:
        """Keep what waits or runs."""
        return self.filter(status__in=[RunStatus.QUEUED, RunStatus.RUNNING])

    def running(self) -> Self:
        """Keep what some worker works on."""
        return self.filter(status=RunStatus.RUNNING)

    def ended_before(self, age: timedelta) -> Self:
        """Keep what ended longer ago than ``age``, the oldest first."""
        ended = self.filter(status__in=TERMINAL, finished_at__lt=from_now(-age))
        return ended.order_by("finished_at")

    def held(self, leases: Collection[Lease]) -> Self:
        """Keep the runs that these leases may own: the caller compares the rest.

        Asking for each pair would cost more than the row that may be read in vain.
        """
        return self.running().filter(
            pk__in=[lease.run_id for lease in leases],
            attempt__in={lease.attempt for lease in leases},
        )

    def with_times(self) -> Self:
        """Read along how long a run is due and what is left of its deadline.

        Both by the database's clock.
        """
        duration: models.DurationField[timedelta, timedelta] = models.DurationField()
        left = ExpressionWrapper(F("deadline_at") - Now(), output_field=duration)
        due = ExpressionWrapper(Now() - F("available_at"), output_field=duration)
        return self.annotate(remaining=left, waited=due)

    def lock(self, *, skip_locked: bool = False) -> Self:
        """Lock the rows for the rest of the transaction.

        ``FOR NO KEY UPDATE`` does not clash with the foreign-key checks of result
        inserts, which would make a claim skip a free row. SQLite takes no row locks: its
        transactions begin IMMEDIATE, one writer at a time.
        """
        return self.select_for_update(no_key=True, skip_locked=skip_locked)

    def write_changes(self, runs: Iterable[Run]) -> None:
        """Write what has changed of runs; those that changed alike share an UPDATE.

        Each UPDATE is guarded by the status and attempt that were read.

        Raises:
            LeaseLostError: somebody else has changed the state of one since.
        """
        for alike in changed_alike(runs):
            guard = alike[0].unwritten
            unchanged = self.filter(
                pk__in=[run.pk for run in alike],
                status=guard.status,
                attempt=guard.attempt,
            )
            if unchanged.update(**merged(alike)) < len(alike):
                names = ", ".join(map(str, alike))
                raise LeaseLostError(f"{names}: no longer attempt {guard.attempt}'s")
            for run in alike:
                run.unwritten = NOTHING
