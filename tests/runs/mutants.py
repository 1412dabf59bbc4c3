"""Faults that were made on purpose, as others made them by mistake.

Each is a context manager that breaks one promise while it is open. The random histories
must notice every one of them: a test that cannot fail proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.db import transaction
from django.db.models import F, Q

from runs import queue
from runs.models import EventKind, Lease, Run, RunEvent, RunStatus
from runs.models import run as run_module
from runs.models.clock import Now, from_now
from runs.models.run import NO_OWNER, claimed
from runs.models.run_queries import RunQuerySet
from runs.worker.execution import Ending
from tests.runs import machine

Mutant = Callable[[], AbstractContextManager[Any]]
MUTANTS: dict[str, Mutant] = {}


def mutant(make: Mutant) -> Mutant:
    """Register a fault under the name of its function."""
    MUTANTS[make.__name__] = make
    return make


def _by_id(leases: Iterable[Lease]) -> Q:
    return Q(pk__in=[lease.run_id for lease in leases])


def _held_by(condition: Callable[[Sequence[Lease]], Q]) -> Callable[..., Any]:
    """Return a ``holding`` that asks for something else than the lease."""

    @contextmanager
    def holding(leases: Sequence[Lease]) -> Iterator[Mapping[Lease, Run]]:
        with transaction.atomic():
            runs = {run.pk: run for run in Run.objects.filter(condition(leases))}
            yield {le: runs[le.run_id] for le in leases if le.run_id in runs}

    return holding


@mutant
def writes_without_fence() -> AbstractContextManager[Any]:
    """Whoever knows the id of a running run writes to it (River, Oban, pg-boss …)."""
    return patch.object(
        queue, "holding", _held_by(lambda les: _by_id(les) & Q(status="running"))
    )


@mutant
def writes_without_status() -> AbstractContextManager[Any]:
    """The last attempt writes, even when the run has ended or waits."""

    def owned(leases: Sequence[Lease]) -> Q:
        either = Q(pk__in=())
        for lease in leases:
            either |= Q(pk=lease.run_id, attempt=lease.attempt)
        return either

    return patch.object(queue, "holding", _held_by(owned))


@mutant
def results_without_fence() -> AbstractContextManager[Any]:
    """Results are saved first, and only then the lease is looked at (the reference)."""
    write = machine.write

    def write_first(leases: Sequence[Lease], frames: Sequence[Any]) -> set[Lease]:
        stored = Run.objects.filter(_by_id(leases))
        results = [frame for frame in frames if frame.kind.name == "PROGRESS"]
        machine.EvaluationExecutor().record(dict.fromkeys(stored, results))
        return write(leases, frames)

    return patch.object(machine, "write", write_first)


@mutant
def heartbeat_by_id_only() -> AbstractContextManager[Any]:
    """A zombie keeps the lease of the next owner alive."""
    beat = queue.heartbeat

    def heartbeat(leases: Sequence[Lease], **options: Any) -> Any:
        running = Run.objects.running().filter(_by_id(leases))
        running.update(lease_expires_at=from_now(options["lease"]))
        return beat(leases, **options)

    return patch.object(queue, "heartbeat", heartbeat)


@mutant
def heartbeat_that_does_not_renew() -> AbstractContextManager[Any]:
    """It answers as if it had."""

    def heartbeat(leases: Sequence[Lease], *, lease: timedelta) -> Any:
        return queue.listen(leases)

    return patch.object(queue, "heartbeat", heartbeat)


@mutant
def sweep_that_ignores_cancels() -> AbstractContextManager[Any]:
    """A cancelled run whose worker is lost gets another attempt."""
    close = queue._close_or_requeue

    def requeue(run: Run, owner: str | None) -> RunEvent:
        if run.attempt < run.max_attempts:
            return run.retry_later(
                error="lost", error_code="worker_lost", delay=timedelta(0)
            )
        return close(run, owner)

    return patch.object(queue, "_close_or_requeue", requeue)


@mutant
def sweep_that_skips_exhausted_runs() -> AbstractContextManager[Any]:
    """The last attempt that is lost runs for ever (the reference)."""
    sweep = queue.sweep

    def sweep_others() -> list[Run]:
        spent = Run.objects.filter(attempt__gte=F("max_attempts"), status="running")
        hidden = dict(spent.values_list("pk", "lease_expires_at"))
        spent.update(lease_expires_at=Now() + timedelta(days=1))
        swept = sweep()
        for pk, expiry in hidden.items():
            Run.objects.filter(pk=pk).update(lease_expires_at=expiry)
        return swept

    return patch.object(queue, "sweep", sweep_others)


@mutant
def sweep_that_takes_the_living() -> AbstractContextManager[Any]:
    """A lease is not waited for."""
    sweep = queue.sweep

    def sweep_all() -> list[Run]:
        Run.objects.running().update(lease_expires_at=Now() - timedelta(seconds=1))
        return sweep()

    return patch.object(queue, "sweep", sweep_all)


@mutant
def cancel_that_loses_to_success() -> AbstractContextManager[Any]:
    """An acknowledged cancel is forgotten when the work is done (the reference)."""
    finish = Run.finish

    def finish_anyway(self: Run, status: RunStatus, **fields: Any) -> RunEvent:
        if status != RunStatus.CANCELLED:
            self.cancel_requested = False
        return finish(self, status, **fields)

    return patch.object(Run, "finish", finish_anyway)


@mutant
def retry_of_a_cancelled_run() -> AbstractContextManager[Any]:
    """A transient failure puts a cancelled run back into the queue."""
    apply = Ending.apply

    def apply_anyway(self: Ending, run: Run) -> RunEvent:
        run.cancel_requested = False
        return apply(self, run)

    return patch.object(Ending, "apply", apply_anyway)


@mutant
def release_that_spends_the_budget() -> AbstractContextManager[Any]:
    """A deploy costs an attempt."""

    def release(self: Run) -> RunEvent:
        event = self.append_event(EventKind.RELEASED, attempt=self.attempt)
        changes = {"status": RunStatus.QUEUED, "available_at": Now(), **NO_OWNER}
        return self._change(event, **changes)

    return patch.object(Run, "release", release)


@mutant
def release_that_takes_the_attempt_back() -> AbstractContextManager[Any]:
    """The number of an old lease comes again (Oban's snooze)."""

    def release(self: Run) -> RunEvent:
        event = self.append_event(EventKind.RELEASED, attempt=self.attempt)
        changes = {"status": RunStatus.QUEUED, "available_at": Now(), **NO_OWNER}
        return self._change(event, attempt=F("attempt") - 1, **changes)

    return patch.object(Run, "release", release)


@mutant
def release_of_a_cancelled_run() -> AbstractContextManager[Any]:
    """It goes back into the queue and is worked on again."""
    release = Run.release

    def release_anyway(self: Run) -> RunEvent:
        self.cancel_requested = False
        return release(self)

    return patch.object(Run, "release", release_anyway)


@mutant
def claim_that_does_not_count() -> AbstractContextManager[Any]:
    """Two owners have the same lease one after the other."""

    def uncounted(**options: Any) -> dict[str, Any]:
        return claimed(**options) | {"attempt": F("attempt")}

    return patch.object(queue, "claimed", uncounted)


@mutant
def claim_of_what_must_wait() -> AbstractContextManager[Any]:
    """The pause before a retry is not kept."""

    def due(self: RunQuerySet) -> RunQuerySet:
        waiting = self.filter(status=RunStatus.QUEUED)
        return waiting.order_by("-priority", "fair_key", "created_at", "run_id")

    return patch.object(RunQuerySet, "due", due)


@mutant
def claim_in_any_order() -> AbstractContextManager[Any]:
    """Priority does not count."""
    due = RunQuerySet.due

    def unordered(self: RunQuerySet) -> RunQuerySet:
        return due(self).order_by("run_id")

    return patch.object(RunQuerySet, "due", unordered)


@mutant
def deadline_that_starts_anew() -> AbstractContextManager[Any]:
    """Each attempt gets the whole time."""

    def anew(**options: Any) -> dict[str, Any]:
        return claimed(**options) | {"deadline_at": from_now(options["deadline"])}

    return patch.object(queue, "claimed", anew)


@mutant
def event_that_takes_no_number() -> AbstractContextManager[Any]:
    """The log has a gap where a claim was."""

    def unnumbered(**options: Any) -> dict[str, Any]:
        return claimed(**options) | {"event_seq": F("event_seq") + 2}

    return patch.object(queue, "claimed", unnumbered)


@mutant
def change_without_guard() -> AbstractContextManager[Any]:
    """The old state is not looked at, and what was read outside a lock is believed."""

    def change(self: Run, event: RunEvent, **changes: Any) -> RunEvent:
        Run.objects.filter(pk=self.pk).update(event_seq=event.seq, **changes)
        self.status = changes.get("status", self.status)
        return event

    def everything(leases: Sequence[Lease]) -> Q:
        return _by_id(leases)

    @contextmanager
    def both() -> Iterator[None]:
        with (
            patch.object(run_module.Run, "_change", change),
            patch.object(queue, "holding", _held_by(everything)),
        ):
            yield

    return both()
