"""The queue: claim, keep alive, take back, cancel. What each promises: docs/explanation/queue.md.

Every function is one short transaction and never runs inside another.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.db.models import Q

from evaluation.values import Value
from runs.errors import RunNotEndedError, RunNotFoundError
from runs.models import EventKind, Lease, Run, RunEvent, RunStatus
from runs.models.clock import Now, from_now
from runs.models.run import DEADLINE_EXCEEDED, claimed, overdue, retry_delay
from runs.models.run_queries import RunQuerySet

logger = logging.getLogger(__name__)

SWEEP_BATCH = 100


def claim(
    worker_id: str, *, limit: int, lease: timedelta, deadline: timedelta
) -> list[Run]:
    """Take up to ``limit`` due runs for a worker, oldest first within their priority.

    Returns:
        The runs as they are after the claim, with their inputs' documents not loaded.
        ``remaining`` on each is what is left of its deadline, ``waited`` the time it
        was due.
    """
    with transaction.atomic():
        runs = list(Run.objects.due().with_times().lock(skip_locked=True)[:limit])
        if not runs:
            return []
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(
            **claimed(worker_id=worker_id, lease=lease, deadline=deadline)
        )
        RunEvent.objects.log(_claim(run, worker_id, deadline) for run in runs)
    return runs


def _claim(run: Run, worker_id: str, deadline: timedelta) -> RunEvent:
    """Bring the instance to what the claim's UPDATE wrote, and log it."""
    run.status, run.worker_id = RunStatus.RUNNING, worker_id
    run.attempt += 1
    run.remaining = run.remaining or deadline
    return run.append_event(EventKind.CLAIMED, attempt=run.attempt, worker_id=worker_id)


class Pulse(Value, frozen=True, kw_only=True):
    """What a heartbeat heard of one run; a run without a pulse is lost."""

    lease: Lease
    cancel_requested: bool
    deadline_passed: bool


def heartbeat(
    leases: Sequence[Lease], *, lease: timedelta, using: str = DEFAULT_DB_ALIAS
) -> dict[Lease, Pulse]:
    """Extend all leases of a worker at once, on the connection ``using``.

    Returns:
        One pulse for each lease that is still the worker's. An expired lease that
        nobody has swept yet is revived.
    """
    runs = Run.objects.using(using)
    with transaction.atomic(using=using):
        # Locked in the order of ``holding``: each could have a row the other waits for.
        pulses = _pulses(runs.order_by("pk").lock(), leases)
        alive = [lease.run_id for lease in pulses]
        runs.filter(pk__in=alive).update(lease_expires_at=from_now(lease))
    return pulses


def listen(
    leases: Sequence[Lease], *, using: str = DEFAULT_DB_ALIAS
) -> dict[Lease, Pulse]:
    """Hear what became of the runs of a worker, as ``heartbeat`` does, and write nothing."""
    return _pulses(Run.objects.using(using), leases)


def _pulses(runs: RunQuerySet, leases: Sequence[Lease]) -> dict[Lease, Pulse]:
    rows = (
        runs.held(leases)
        .annotate(
            deadline_passed=models.Case(
                models.When(deadline_at__lte=Now(), then=True), default=False
            )
        )
        .values_list(
            "pk", "attempt", "worker_id", "cancel_requested", "deadline_passed"
        )
    )
    mine = set(leases)
    return {
        lease: Pulse(lease=lease, cancel_requested=cancel, deadline_passed=passed)
        for pk, attempt, worker, cancel, passed in rows
        if (lease := Lease(pk, attempt, worker)) in mine
    }


@contextmanager
def holding(leases: Sequence[Lease]) -> Iterator[Mapping[Lease, Run]]:
    """Open a transaction in which the runs of these leases are locked and theirs.

    A lease that is absent from the mapping is lost: write nothing for it. The others
    cannot be swept, cancelled or claimed before the transaction ends, so that results,
    events and the end of the run commit together or not at all.
    """
    mine = set(leases)
    with transaction.atomic():
        # In one order everywhere, so that two transactions cannot wait for each other.
        runs = Run.objects.held(leases).order_by("pk").lock()
        yield {run.lease: run for run in runs if run.lease in mine}


def has_ended(lease: Lease) -> bool:
    """Whether the attempt of this lease ended the run: an unknown commit is looked up."""
    run = Run.objects.filter(pk=lease.run_id, attempt=lease.attempt).first()
    return run is not None and run.is_terminal


def sweep() -> list[Run]:
    """Take back runs whose worker is gone and close what is past its deadline.

    Any worker may sweep at any time; two sweeps share the work by skipping each other's
    rows.

    Returns:
        The runs that were changed, in their new state.
    """
    late = Q(status=RunStatus.QUEUED, deadline_at__lte=Now())
    lost = Q(status=RunStatus.RUNNING, lease_expires_at__lt=Now())
    with transaction.atomic():
        runs = list(
            Run.objects.filter(late | lost)
            .with_times()
            .lock(skip_locked=True)[:SWEEP_BATCH]
        )
        RunEvent.objects.log([e for run in runs for e in _take_back(run)])
    return runs


def _take_back(run: Run) -> list[RunEvent]:
    """Decide what becomes of a run that was left alone."""
    if run.status == RunStatus.QUEUED:
        return [_fail_overdue(run)]
    owner = run.worker_id
    expired = run.append_event(
        EventKind.LEASE_EXPIRED, attempt=run.attempt, worker_id=owner
    )
    logger.warning("lease expired: run=%s attempt=%d", run.run_id, run.attempt)
    return [expired, _close_or_requeue(run, owner)]


def _close_or_requeue(run: Run, owner: str | None) -> RunEvent:
    if run.cancel_requested:
        return run.finish(RunStatus.CANCELLED)
    if run.remaining is not None and run.remaining <= timedelta(0):
        return _fail_overdue(run)
    error = f"worker {owner} was lost during attempt {run.attempt}"
    if run.attempt >= run.max_attempts:
        error = f"{error}, the last of {run.max_attempts}"
        return run.finish(RunStatus.FAILED, error=error, error_code="worker_lost")
    # Its first loss is the machine's fault, the next may be the run's: then wait.
    delay = timedelta(0) if run.attempt == 1 else retry_delay(run.attempt)
    return run.retry_later(error=error, error_code="worker_lost", delay=delay)


def _fail_overdue(run: Run) -> RunEvent:
    # One that waits was tried before, and its error says why it has to be tried again.
    before = run.error if run.status == RunStatus.QUEUED else None
    return run.finish(
        RunStatus.FAILED, error=overdue(before), error_code=DEADLINE_EXCEEDED
    )


def locked(run_id: UUID) -> Run:
    """Return a run, locked for the rest of the caller's transaction.

    Raises:
        RunNotFoundError: there is no such run.
    """
    run = Run.objects.filter(pk=run_id).lock().first()
    if run is None:
        raise RunNotFoundError(run_id)
    return run


def locked_ended(run_id: UUID) -> Run:
    """Return a run that has ended, locked for the rest of the caller's transaction.

    Raises:
        RunNotFoundError: there is no such run.
        RunNotEndedError: it waits or runs.
    """
    run = locked(run_id)
    if not run.is_terminal:
        raise RunNotEndedError(run)
    return run


def cancel(run_id: UUID) -> Run:
    """Ask for the end of a run.

    Returns:
        The run: cancelled if it was queued, running with ``cancel_requested`` until its
        owner has killed the work, unchanged if it had ended.

    Raises:
        RunNotFoundError: there is no such run.
    """
    with transaction.atomic():
        event = locked(run_id).request_cancel()
        if event is not None:
            RunEvent.objects.log([event])
    return Run.objects.get(pk=run_id)
