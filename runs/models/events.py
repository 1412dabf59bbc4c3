"""The event log of a run: what its stream, its timeline and its sinks are told."""

from __future__ import annotations

from django.db import models

from runs.models.clock import Now


class EventKind(models.TextChoices):
    """What can happen to a run."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    PROGRESS = "progress"
    CANCEL_REQUESTED = "cancel_requested"
    RETRYING = "retrying"
    RELEASED = "released"
    LEASE_EXPIRED = "lease_expired"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


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

    class Meta:
        db_table = "run_event"

    def __str__(self) -> str:
        return f"{self.seq}. {self.kind}"
