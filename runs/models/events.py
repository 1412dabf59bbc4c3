"""The event log of a run: what its stream, its timeline and its sinks are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from runs.models.clock import Now


class EventKind(models.TextChoices):
    """What can happen to a run."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    PROGRESS = "progress"
    CANCEL_REQUESTED = "cancel_requested"
    RETRYING = "retrying"
    RELEASED = "released"
    REOPENED = "reopened"
    LEASE_EXPIRED = "lease_expired"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunEventQuerySet(models.QuerySet["RunEvent"]):
    """Writing the log, and reading on in it."""

    def beyond(self, positions: Mapping[UUID, int]) -> Self:
        """Keep what follows the given number in the log of each of these runs, in order."""
        newer = (Q(run_id=pk, seq__gt=seq) for pk, seq in positions.items())
        events = self.filter(reduce(or_, newer, Q(run_id__in=())))
        return events.order_by("run_id", "seq")

    def log(self, events: Iterable[RunEvent]) -> None:
        """Write events and the changes that they tell of, and tell the listeners.

        All in the caller's transaction: what a listener writes commits with the change or
        not at all, and what it raises undoes the change. The events' runs are what they
        became.

        Raises:
            LeaseLostError: somebody else has changed the state of a run meanwhile.
        """
        written = list(events)
        runs = {event.run_id: event.run for event in written}
        if written:
            type(written[0].run).objects.write_changes(runs.values())
        self.bulk_create(written)
        for listener in _listeners:
            listener(written)


class RunEvent(models.Model):
    """One event; ``seq`` counts 1, 2, 3 … per run, in the order of commits."""

    pk = models.CompositePrimaryKey("run_id", "seq")
    run = models.ForeignKey(
        "runs.Run", on_delete=models.CASCADE, related_name="events", db_index=False
    )
    seq = models.IntegerField()
    kind = models.TextField(choices=EventKind)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    objects = RunEventQuerySet.as_manager()

    class Meta:
        db_table = "run_event"
        indexes: ClassVar = [
            # What has changed lately, in all runs. It grows at its end only, which costs
            # an insert next to nothing.
            models.Index("created_at", name="run_event_recent_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.seq}. {self.kind}"


Listener = Callable[[Sequence[RunEvent]], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have every change of a run's state told to ``listener``; see ``log``.

    There is one list for the process and not an argument of each caller, because a caller
    that forgot it would lose events silently: docs/adr/0010.
    """
    if listener not in _listeners:
        _listeners.append(listener)
