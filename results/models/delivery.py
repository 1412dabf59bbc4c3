"""The outbox: what a sink is to be told, written with what it tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self, cast

from django.db import models, transaction
from django.db.models import (
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
)

from evaluation.values import JSONObject
from runs.models import Run
from runs.models.clock import Now, from_now

DEFAULT_TRIES = 5


class Phase(models.TextChoices):
    """Which of the contract's events a delivery is."""

    PARTIAL = "partial"
    FINAL = "final"
    ERROR = "error"


class DeliveryState(models.TextChoices):
    """Where a delivery stands; the last two are the end."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Chainable ways to say which deliveries."""

    def in_order(self) -> Self:
        """Order as a run's sinks hear of it."""
        return self.order_by("sequence", "sink_index")

    def pending(self) -> Self:
        """Keep what has not ended."""
        return self.filter(state=DeliveryState.PENDING)

    def next_in_line(self) -> Self:
        """Keep of each sink of each run the first that pends."""
        earlier = Delivery.objects.pending().filter(
            run=OuterRef("run"),
            sink_index=OuterRef("sink_index"),
            sequence__lt=OuterRef("sequence"),
        )
        return self.pending().filter(~Exists(earlier))

    def due(self) -> Self:
        """Keep what may be sent now."""
        due = self.next_in_line().filter(next_try_at__lte=Now())
        return due.order_by("next_try_at", "pk")

    def due_in(self) -> timedelta | None:
        """Return the time until something is due, negative if it is; None for never."""
        duration: DurationField[timedelta, timedelta] = DurationField()
        left = ExpressionWrapper(F("next_try_at") - Now(), output_field=duration)
        nearest = self.next_in_line().aggregate(left=Min(left))["left"]
        return cast("timedelta | None", nearest)

    def claim(self, *, limit: int, lease: timedelta) -> list[Delivery]:
        """Take what is due; it comes back after ``lease`` unless it is settled before.

        Several workers share the work by skipping each other's rows.

        Returns:
            The deliveries, each with the ``options`` of its sink.
        """
        # Most looks find nothing, and on SQLite a transaction stops every other writer.
        if not self.due().exists():
            return []
        with transaction.atomic():
            taken = list(
                self.due().select_for_update(no_key=True, skip_locked=True)[:limit]
            )
            self.filter(pk__in=[delivery.pk for delivery in taken]).update(
                attempts=F("attempts") + 1, next_try_at=from_now(lease)
            )
        runs = Run.objects.filter(pk__in={delivery.run_id for delivery in taken})
        sinks = dict(runs.values_list("pk", "spec__sinks"))
        # A run that was deleted meanwhile took its deliveries with it.
        alive = [delivery for delivery in taken if delivery.run_id in sinks]
        for delivery in alive:
            delivery.attempts += 1
            delivery.options = sinks[delivery.run_id][delivery.sink_index]
        return alive


class Delivery(models.Model):
    """One event for one sink of one run.

    ``sequence`` counts the events of a run for its sinks, 1, 2, 3 … without gaps.
    ``payload`` is what the event tells: ``results``, ``summary`` or ``error``.
    ``attempts`` only grows, so it is the fence: who claimed earlier settles nothing.
    """

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    sink_index = models.SmallIntegerField()
    sink_kind = models.TextField()
    phase = models.TextField(choices=Phase)
    sequence = models.IntegerField()
    run_attempt = models.IntegerField()
    payload = models.JSONField()
    state = models.TextField(choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    last_error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, blank=True)

    # What the specification says of the sink, on rows that were claimed.
    options: JSONObject

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "delivery"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "sink_index", "sequence"],
                name="delivery_sequence_unique",
            ),
            models.CheckConstraint(
                name="delivery_phase_known", condition=Q(phase__in=Phase.values)
            ),
            models.CheckConstraint(
                name="delivery_state_known",
                condition=Q(state__in=DeliveryState.values),
            ),
            models.CheckConstraint(
                name="delivery_ended_is_settled",
                condition=(
                    Q(state=DeliveryState.PENDING, settled_at__isnull=True)
                    | ~Q(state=DeliveryState.PENDING) & Q(settled_at__isnull=False)
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                "next_try_at",
                "id",
                name="delivery_due_idx",
                condition=Q(state=DeliveryState.PENDING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}:{self.sequence} {self.phase} to {self.sink_kind}"

    @property
    def key(self) -> str:
        """What a receiver knows this event by, however often it is sent."""
        return f"{self.run_id}:{self.sequence}"

    @property
    def max_attempts(self) -> int:
        """How many tries the specification allows."""
        given = self.options.get("max_attempts")
        return given if isinstance(given, int) else DEFAULT_TRIES

    def delivered(self) -> bool:
        """Note that the sink has it; whether this claim still counted."""
        return self._settle(DeliveryState.DELIVERED, "")

    def failed(self, error: str) -> bool:
        """Give up; whether this claim still counted."""
        return self._settle(DeliveryState.FAILED, error)

    def retry_later(self, error: str, *, delay: timedelta) -> bool:
        """Try again after a pause; whether this claim still counted."""
        return self._change(next_try_at=from_now(delay), last_error=error)

    def _settle(self, state: DeliveryState, error: str) -> bool:
        return self._change(state=state, last_error=error, settled_at=Now())

    def _change(self, **changes: Any) -> bool:
        mine = Delivery.objects.pending().filter(pk=self.pk, attempts=self.attempts)
        return bool(mine.update(**changes))
