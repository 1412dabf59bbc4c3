"""A run: one evaluation that was asked for, and where it stands."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from evaluation.values import JSONObject
from runs.models.changes import NOTHING, Changes
from runs.models.clock import Now, from_now
from runs.models.documents import RunInput
from runs.models.events import EventKind, RunEvent
from runs.models.run_queries import RunQuerySet
from runs.models.status import TERMINAL, Approach, Lease, RunStatus

RETRY_BASE_S = 2.0
RETRY_CAP_S = 60.0


def retry_delay(attempt: int) -> timedelta:
    """Return the jittered exponential pause after a failed ``attempt`` (1, 2, …)."""
    exponential = min(RETRY_CAP_S, RETRY_BASE_S * 2 ** (attempt - 1))
    jitter = 0.5 + random.random()  # noqa: S311 - spreads load, guards nothing
    return timedelta(seconds=exponential * jitter)


class Run(models.Model):
    """One durable evaluation.

    Every change of state is a method here that returns its event: both are written when
    the event is logged (``RunEvent.objects.log``), in the caller's transaction.
    """

    run_id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    status = models.TextField(choices=RunStatus, default=RunStatus.QUEUED)
    approach = models.TextField(choices=Approach, default=Approach.TRACE_REPLAY)
    # Without inline payloads, which are trace documents. Outer keys are snake_case.
    spec = models.JSONField()
    fingerprint = models.CharField(max_length=64)
    name = models.TextField(default="", blank=True)
    labels = models.JSONField(default=dict, blank=True)
    # What the history is searched by, so that no search unpacks a specification: it may
    # hold a large eval set. The names of the evaluators are what results are called.
    metrics = models.JSONField(db_default=[], blank=True)
    target_kind = models.GeneratedField(
        expression=KT("spec__target__kind"),
        output_field=models.TextField(null=True),
        db_persist=True,
    )
    eval_set_id = models.GeneratedField(
        expression=Coalesce(
            KT("spec__eval_set__eval_set_id"), KT("spec__eval_set__evalSetId")
        ),
        output_field=models.TextField(null=True),
        db_persist=True,
    )

    priority = models.SmallIntegerField(default=0)
    # The label that shares the workers fairly, and the run's place in virtual time.
    project = models.TextField(default="", blank=True)
    fair_key = models.BigIntegerField(default=0)
    available_at = models.DateTimeField(db_default=Now())

    attempt = models.IntegerField(default=0)
    max_attempts = models.IntegerField()
    worker_id = models.TextField(null=True, blank=True)  # noqa: DJ001 - null = no owner
    claimed_at = models.DateTimeField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    event_seq = models.IntegerField(default=0)

    error = models.TextField(null=True, blank=True)  # noqa: DJ001 - null in the contract
    error_code = models.CharField(max_length=64, default="", blank=True)
    summary = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    # Only on rows that were read with their inputs, or just made.
    stored_inputs: list[RunInput]
    # Only on rows that were read ``with_times``; no deadline, none remaining.
    remaining: timedelta | None
    waited: timedelta
    # Changed by the methods below, written by ``write_changes``.
    unwritten: Changes = NOTHING

    objects = RunQuerySet.as_manager()

    class Meta:
        db_table = "run"
        constraints: ClassVar = [
            models.CheckConstraint(
                name="run_status_known", condition=Q(status__in=RunStatus.values)
            ),
            models.CheckConstraint(
                name="run_approach_known", condition=Q(approach__in=Approach.values)
            ),
            models.CheckConstraint(
                name="run_running_has_worker",
                condition=(
                    Q(
                        status=RunStatus.RUNNING,
                        worker_id__isnull=False,
                        claimed_at__isnull=False,
                        lease_expires_at__isnull=False,
                    )
                    | ~Q(status=RunStatus.RUNNING)
                    & Q(
                        worker_id__isnull=True,
                        claimed_at__isnull=True,
                        lease_expires_at__isnull=True,
                    )
                ),
            ),
            models.CheckConstraint(
                name="run_terminal_is_finished",
                condition=(
                    Q(status__in=TERMINAL, finished_at__isnull=False)
                    | ~Q(status__in=TERMINAL) & Q(finished_at__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="run_attempt_within_budget",
                condition=Q(attempt__gte=0, attempt__lte=F("max_attempts")),
            ),
            models.CheckConstraint(
                name="run_queued_has_attempts_left",
                condition=~Q(status=RunStatus.QUEUED)
                | Q(attempt__lt=F("max_attempts")),
            ),
            models.CheckConstraint(
                name="run_priority_in_range",
                condition=Q(priority__gte=-100, priority__lte=100),
            ),
        ]
        indexes: ClassVar = [
            # Exactly the order of claims, so that a claim is one short index scan
            # however long the queue is.
            models.Index(
                F("priority").desc(),
                "fair_key",
                "created_at",
                "run_id",
                name="run_claim_idx",
                condition=Q(status=RunStatus.QUEUED),
            ),
            # The few running rows, for sweeps. Not on the lease: an index on it would
            # make every heartbeat a non-HOT update.
            models.Index(
                "run_id", name="run_running_idx", condition=Q(status=RunStatus.RUNNING)
            ),
            # The few that wait with a deadline: only runs that were claimed before.
            models.Index(
                "deadline_at",
                name="run_overdue_idx",
                condition=Q(status=RunStatus.QUEUED, deadline_at__isnull=False),
            ),
            models.Index(
                "project",
                F("fair_key").desc(),
                name="run_fairness_idx",
                condition=Q(status__in=[RunStatus.QUEUED, RunStatus.RUNNING]),
            ),
            models.Index(
                F("created_at").desc(), F("run_id").desc(), name="run_history_idx"
            ),
            models.Index(
                "finished_at", name="run_prune_idx", condition=Q(status__in=TERMINAL)
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.run_id} ({self.status})"

    @property
    def is_terminal(self) -> bool:
        """Whether the run has ended."""
        return RunStatus(self.status).is_terminal

    @property
    def lease(self) -> Lease:
        """The right that the current owner writes under."""
        return Lease(self.run_id, self.attempt, self.worker_id)

    def append_event(self, kind: EventKind, **payload: Any) -> RunEvent:
        """Take the next number and return the event, unsaved.

        The caller holds the row's lock, so numbers are gap-free and in commit order, and
        saves the event in the transaction that saves ``event_seq``.
        """
        self.event_seq += 1
        return RunEvent(run=self, seq=self.event_seq, kind=kind, payload=payload)

    def note_progress(self, **payload: Any) -> RunEvent:
        """Log what a part of the work has brought; the run goes on."""
        event = self.append_event(EventKind.PROGRESS, attempt=self.attempt, **payload)
        return self._change(event)

    def finish(
        self,
        status: RunStatus,
        *,
        summary: JSONObject | None = None,
        error: str | None = None,
        error_code: str = "",
    ) -> RunEvent:
        """End the run; a cancel that was acknowledged before wins over any outcome."""
        if self.cancel_requested:
            status, error, error_code = (
                RunStatus.CANCELLED,
                "cancelled by request",
                "cancelled",
            )
        self.summary, self.error, self.error_code = summary, error, error_code
        event = self.append_event(
            EventKind(status.value), attempt=self.attempt, **_fault(error, error_code)
        )
        return self._change(
            event,
            status=status,
            summary=summary,
            error=error,
            error_code=error_code,
            cancel_requested=self.cancel_requested,
            finished_at=Now(),
            **NO_OWNER,
        )

    def retry_later(self, *, error: str, error_code: str, delay: timedelta) -> RunEvent:
        """Give a failed attempt back to the queue after a pause."""
        event = self.append_event(
            EventKind.RETRYING,
            attempt=self.attempt,
            delay_s=round(delay.total_seconds(), 3),
            **_fault(error, error_code),
        )
        return self._change(
            event,
            status=RunStatus.QUEUED,
            available_at=from_now(delay),
            error=error,
            error_code=error_code,
            **NO_OWNER,
        )

    def release(self) -> RunEvent:
        """Give the run back at once, its budget of attempts intact.

        ``attempt`` is the fence and never falls, so the budget grows instead. A run
        whose cancel was acknowledged is nobody's to work on: it ends.
        """
        if self.cancel_requested:
            return self.finish(RunStatus.CANCELLED)
        event = self.append_event(EventKind.RELEASED, attempt=self.attempt)
        return self._change(
            event,
            status=RunStatus.QUEUED,
            max_attempts=F("max_attempts") + 1,
            available_at=Now(),
            **NO_OWNER,
        )

    def reopen(self, *, attempts: int, **why: Any) -> RunEvent:
        """Queue a run that has ended once more, with a fresh budget and deadline.

        The attempts go on counting: what an old worker held can never match again.
        """
        event = self.append_event(EventKind.REOPENED, attempt=self.attempt, **why)
        return self._change(
            event,
            status=RunStatus.QUEUED,
            max_attempts=F("attempt") + attempts,
            available_at=Now(),
            deadline_at=None,
            cancel_requested=False,
            error=None,
            error_code="",
            summary=None,
            finished_at=None,
        )

    def request_cancel(self) -> RunEvent | None:
        """Cancel: at once when queued, through its owner when running."""
        if self.is_terminal or self.cancel_requested:
            return None
        if self.status == RunStatus.QUEUED:
            self.cancel_requested = True
            return self.finish(RunStatus.CANCELLED)
        event = self.append_event(EventKind.CANCEL_REQUESTED)
        return self._change(event, cancel_requested=True)

    def _change(self, event: RunEvent, **changes: Any) -> RunEvent:
        """Remember changes until they are written, and the state that they are based on."""
        before = self.unwritten
        if before is NOTHING:
            before = Changes(self.status, self.attempt, {})
        values = {**before.values, "event_seq": event.seq, **changes}
        self.unwritten = before._replace(values=values)
        self.status = changes.get("status", self.status)
        return event


DEADLINE_EXCEEDED = "deadline_exceeded"
NO_OWNER = {"worker_id": None, "claimed_at": None, "lease_expires_at": None}


def claimed(*, worker_id: str, lease: timedelta, deadline: timedelta) -> dict[str, Any]:
    """Return the changes that make a queued run a worker's."""
    return {
        "status": RunStatus.RUNNING,
        "worker_id": worker_id,
        "claimed_at": Now(),
        "lease_expires_at": from_now(lease),
        "attempt": F("attempt") + 1,
        "event_seq": F("event_seq") + 1,
        "started_at": Coalesce(F("started_at"), Now()),
        # One deadline for all attempts together, fixed by the first.
        "deadline_at": Coalesce(F("deadline_at"), from_now(deadline)),
    }


def overdue(before: str | None = None) -> str:
    """Return the error of a run that has taken too long, and what went wrong before."""
    return f"{DEADLINE_EXCEEDED}: {before}" if before else DEADLINE_EXCEEDED


def _fault(error: str | None, error_code: str) -> dict[str, str]:
    return {"error": error, "error_code": error_code} if error else {}
