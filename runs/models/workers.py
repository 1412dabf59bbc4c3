"""Workers as they report themselves, for people and for monitoring; no promise rests on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import ExpressionWrapper, F

from runs.models.clock import Now, from_now

KEEP_STOPPED = timedelta(days=7)


class WorkerQuerySet(models.QuerySet["Worker"]):
    """Chainable ways to say which workers."""

    def alive(self, within: timedelta) -> Self:
        """Keep those that were heard of in this time and have not said goodbye."""
        return self.filter(stopped_at=None, seen_at__gte=from_now(-within))

    def with_silence(self) -> Self:
        """Read along the time since a worker was heard of, by the database's clock."""
        duration: models.DurationField[timedelta, timedelta] = models.DurationField()
        silent = ExpressionWrapper(Now() - F("seen_at"), output_field=duration)
        return self.annotate(silent=silent)

    def forget_old(self) -> int:
        """Delete what nobody will look at any more; return how many rows."""
        return self.filter(seen_at__lt=from_now(-KEEP_STOPPED)).delete()[0]


class Worker(models.Model):
    """One worker process; ``counters`` are totals since it started."""

    worker_id = models.TextField(primary_key=True)
    host = models.TextField()
    pid = models.IntegerField()
    version = models.TextField()
    slots = models.IntegerField()
    busy = models.IntegerField(default=0)
    draining = models.BooleanField(default=False)
    counters = models.JSONField(default=dict)
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    stopped_at = models.DateTimeField(null=True, blank=True)

    # Only on rows that were read ``with_silence``.
    silent: timedelta

    objects = WorkerQuerySet.as_manager()

    class Meta:
        db_table = "worker"
        indexes: ClassVar = [models.Index("seen_at", name="worker_seen_idx")]

    def __str__(self) -> str:
        return self.worker_id

    def report(self, using: str, **changes: Any) -> None:
        """Say that the worker lives, and how it is."""
        rows = Worker.objects.using(using).filter(pk=self.pk)
        rows.update(seen_at=Now(), **changes)
