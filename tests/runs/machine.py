"""The queue beside a model of it: any history of any workers, zombies among them.

The model is what the promises say, in plain Python. After every step the tables must be
what the model is; at the end of every history all runs must come to an end.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from evaluation.child import Done, Progress
from evaluation.framing import Frame, FrameKind
from evaluation.outcome import MetricResult, RunResult, TraceResult
from results.models import Result
from results.recording import EvaluationExecutor
from results.retrying import retry
from runs import queue
from runs.errors import RunNotEndedError
from runs.models import Lease, Run, RunEvent
from runs.models.clock import Now
from runs.requests import Units
from runs.spec import read_submission
from runs.submission import Outcome, submit
from tests.results.executing import log
from tests.runs.building import submission_body

# Time moves in steps of 20 s and real time passes too: no duration here is a multiple of
# a step, so that a slow machine does not cross a boundary.
STEP_S = 20
LEASE_S = 30
DEADLINE_S = 310
# A pause before a retry is checked, then set to this.
PAUSE_S = 50
SLACK_S = 5.0
# Of a sweep and a claim each, after which every run must have ended.
ENOUGH_ROUNDS = 6
TERMINAL = {"succeeded", "failed", "cancelled"}

METRICS = ("first", "second")
SUCCESS = Done(result=RunResult(trace_results=[TraceResult(trace_id="t")]))
TRANSIENT = Done(error="503", error_code="unavailable", transient=True)
PERMANENT = Done(error="no", error_code="unusable")
OUTCOMES = {"succeeds": SUCCESS, "may retry": TRANSIENT, "fails": PERMANENT}


@dataclass
class Expected:
    """What the promises say of one run; times are virtual seconds."""

    priority: int
    fair_key: int
    max_attempts: int
    status: str = "queued"
    attempt: int = 0
    worker: str | None = None
    available_s: float = 0
    lease_until_s: float = 0
    deadline_s: float | None = None
    cancelled: bool = False
    code: str = ""
    events: list[str] = field(default_factory=lambda: ["queued"])
    results: dict[str, int] = field(default_factory=dict)

    @property
    def row(self) -> tuple[object, ...]:
        """The columns that are compared after every step."""
        budget = (self.attempt, self.max_attempts)
        shown = (self.status, *budget, self.worker, self.cancelled, self.code)
        return (*shown, len(self.events))

    def owns(self, lease: Lease) -> bool:
        mine = (lease.attempt, lease.worker_id)
        return self.status == "running" and (self.attempt, self.worker) == mine

    def found(self, metric: str, lease: Lease) -> None:
        self.results[metric] = lease.attempt
        self.events.append("progress")

    def end(self, status: str, code: str = "") -> None:
        if self.cancelled:
            status, code = "cancelled", "cancelled"
        self.status, self.code, self.worker = status, code, None
        self.events.append(status)

    def requeue(self, kind: str, available_s: float) -> None:
        self.status, self.worker, self.available_s = "queued", None, available_s
        self.events.append(kind)


COLUMNS = (
    "status",
    "attempt",
    "max_attempts",
    "worker_id",
    "cancel_requested",
    "error_code",
    "event_seq",
)
LEASE_LEFT = ExpressionWrapper(
    F("lease_expires_at") - Now(), output_field=DurationField()
)


def progress_frame(metric: str) -> Frame:
    """Return what an evaluator sends when a unit is finished."""
    unit = Progress(
        trace_id="t",
        metric=MetricResult(metric_name=metric, score=1.0, eval_status="PASSED"),
    )
    return Frame(kind=FrameKind.PROGRESS, body=msgspec.json.encode(unit))


def done_frame(done: Done) -> Frame:
    """Return what an evaluator sends at its end."""
    return Frame(kind=FrameKind.DONE, body=msgspec.json.encode(done))


def write(leases: Sequence[Lease], frames: Sequence[Frame]) -> set[Lease]:
    """Save what evaluators sent, as a worker does; returns the leases that still held."""
    with queue.holding(leases) as held:
        log(EvaluationExecutor().record({run: list(frames) for run in held.values()}))
        return set(held)


class QueueMachine(RuleBasedStateMachine):
    """Every operation of the queue, in any order."""

    runs = Bundle("runs")
    leases = Bundle("leases")  # all that were ever given: zombies are the point

    def __init__(self) -> None:
        """Start a history in a transaction that is rolled back."""
        super().__init__()
        self.model: dict[UUID, Expected] = {}
        self.now_s = 0.0
        self.broken = False
        self.history = transaction.atomic()
        self.history.__enter__()

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.everything_ends()
        finally:
            transaction.set_rollback(True)
            self.history.__exit__(None, None, None)

    # --- Clients ------------------------------------------------------------------------

    @initialize(target=runs, count=st.integers(1, 3))
    def begin(self, count: int) -> Iterable[UUID]:
        return multiple(*[self.submitted(0, "", 2) for _ in range(count)])

    @rule(
        target=runs,
        priority=st.sampled_from([0, 0, 1]),
        project=st.sampled_from(["", "a"]),
        max_attempts=st.integers(1, 3),
    )
    def submits(self, priority: int, project: str, max_attempts: int) -> UUID:
        return self.submitted(priority, project, max_attempts)

    def submitted(self, priority: int, project: str, max_attempts: int) -> UUID:
        # Counted, not random, so that a failing history can be replayed.
        run_id = UUID(int=len(self.model) + 1)
        body = submission_body(
            runId=str(run_id), priority=priority, labels={"project": project}
        )
        run = self.answered(body, Outcome.CREATED, max_attempts)
        self.model[run_id] = Expected(
            priority, run.fair_key, max_attempts, available_s=self.now_s
        )
        return run_id

    def answered(self, body: bytes, outcome: Outcome, max_attempts: int = 3) -> Run:
        (answer,) = submit([read_submission(body)], max_attempts=max_attempts)
        assert answer.outcome is outcome
        return answer.run

    @rule(run_id=runs)
    def submits_again(self, run_id: UUID) -> None:
        stored = Run.objects.get(pk=run_id)
        body = submission_body(
            runId=str(run_id), priority=stored.priority, labels=stored.labels
        )
        assert self.answered(body, Outcome.EXISTING).pk == run_id

    @rule(run_id=runs)
    def submits_something_else_under_the_same_id(self, run_id: UUID) -> None:
        body = submission_body(runId=str(run_id), spec={"context": {"other": True}})
        assert self.answered(body, Outcome.CONFLICT).pk == run_id

    @rule(run_id=runs, units=st.sampled_from(["errored", "all"]))
    def asks_for_another_try(self, run_id: UUID, units: Units) -> None:
        run = self.model[run_id]
        if run.status not in TERMINAL:
            with pytest.raises(RunNotEndedError):
                retry(run_id, units)
            return
        run.max_attempts = run.attempt + settings.MAX_RUN_ATTEMPTS
        run.cancelled, run.code, run.deadline_s = False, "", None
        run.requeue("reopened", self.now_s)
        if units == "all":
            run.results.clear()

        retry(run_id, units)

    @rule(run_id=runs)
    def cancels(self, run_id: UUID) -> None:
        run = self.model[run_id]
        if run.status not in TERMINAL and not run.cancelled:
            run.cancelled = True
            if run.status == "queued":
                run.end("cancelled")
            else:
                run.events.append("cancel_requested")

        answer = queue.cancel(run_id)

        assert (answer.status, answer.cancel_requested) == (run.status, run.cancelled)

    # --- Workers ------------------------------------------------------------------------

    @rule(target=leases, worker=st.sampled_from("abc"), limit=st.integers(1, 3))
    def claims(self, worker: str, limit: int) -> Iterable[Lease]:
        return multiple(*self.claimed(worker, limit))

    def claimed(self, worker: str, limit: int) -> list[Lease]:
        due = [
            (-run.priority, run.fair_key, run_id)
            for run_id, run in self.model.items()
            if run.status == "queued" and run.available_s <= self.now_s
        ]
        expected = [run_id for *_, run_id in sorted(due)[:limit]]

        taken = queue.claim(
            worker,
            limit=limit,
            lease=timedelta(seconds=LEASE_S),
            deadline=timedelta(seconds=DEADLINE_S),
        )

        assert [run.pk for run in taken] == expected
        for run in taken:
            self.was_claimed(run, worker)
        return [run.lease for run in taken]

    def was_claimed(self, taken: Run, worker: str) -> None:
        run = self.model[taken.pk]
        run.status, run.worker = "running", worker
        run.attempt += 1
        run.lease_until_s = self.now_s + LEASE_S
        run.deadline_s = run.deadline_s or self.now_s + DEADLINE_S
        run.events.append("claimed")
        assert taken.lease == Lease(taken.pk, run.attempt, worker)
        remaining_s = taken.remaining.total_seconds()
        assert abs(remaining_s - (run.deadline_s - self.now_s)) < SLACK_S

    @rule(leases=st.lists(leases, max_size=4, unique=True))
    def beats(self, leases: list[Lease]) -> None:
        alive = {le for le in leases if self.model[le.run_id].owns(le)}

        pulses = queue.heartbeat(leases, lease=timedelta(seconds=LEASE_S))

        assert set(pulses) == alive
        for lease in alive:
            run, pulse = self.model[lease.run_id], pulses[lease]
            run.lease_until_s = self.now_s + LEASE_S
            assert pulse.cancel_requested == run.cancelled
            assert pulse.deadline_passed == self.is_overdue(run)

    @rule(
        leases=st.lists(leases, min_size=1, max_size=3, unique=True),
        metric=st.sampled_from(METRICS),
    )
    def writes_results(self, leases: list[Lease], metric: str) -> None:
        alive = {le for le in leases if self.model[le.run_id].owns(le)}

        held = write(leases, [progress_frame(metric)])

        assert held == alive
        for lease in alive:
            self.model[lease.run_id].found(metric, lease)

    @rule(
        leases=st.lists(leases, min_size=1, max_size=3, unique=True),
        outcome=st.sampled_from(sorted(OUTCOMES)),
    )
    def finishes(self, leases: list[Lease], outcome: str) -> None:
        alive = {le for le in leases if self.model[le.run_id].owns(le)}

        held = write(leases, [progress_frame("last"), done_frame(OUTCOMES[outcome])])

        assert held == alive
        for lease in alive:
            run = self.model[lease.run_id]
            run.found("last", lease)
            self.ended(lease.run_id, outcome)

    def ended(self, run_id: UUID, outcome: str) -> None:
        run = self.model[run_id]
        retries = outcome == "may retry" and run.attempt < run.max_attempts
        if retries and not run.cancelled:
            run.code = "unavailable"
            run.requeue("retrying", self.paused(run_id))
        elif outcome == "succeeds":
            run.end("succeeded")
        else:
            run.end("failed", "unavailable" if outcome == "may retry" else "unusable")

    @rule(lease=leases)
    def gives_back(self, lease: Lease) -> None:
        run = self.model[lease.run_id]
        alive = run.owns(lease)

        with queue.holding([lease]) as held:
            RunEvent.objects.log([mine.release() for mine in held.values()])

        assert set(held) == ({lease} if alive else set())
        if alive:
            self.given_back(run)

    def given_back(self, run: Expected) -> None:
        if run.cancelled:
            run.end("cancelled")
        else:
            run.max_attempts += 1
            run.requeue("released", self.now_s)

    @rule()
    def sweeps(self) -> None:
        self.swept()

    def swept(self) -> None:
        changed = {run.pk for run in queue.sweep()}
        assert changed == set(self.sweep_of_the_model())

    def sweep_of_the_model(self) -> Iterator[UUID]:
        for run_id, run in self.model.items():
            if run.status == "queued" and self.is_overdue(run):
                run.end("failed", "deadline_exceeded")
                yield run_id
            elif run.status == "running" and run.lease_until_s < self.now_s:
                run.events.append("lease_expired")
                self.take_back(run_id, run)
                yield run_id

    def take_back(self, run_id: UUID, run: Expected) -> None:
        if run.cancelled:
            run.end("cancelled")
        elif self.is_overdue(run):
            run.end("failed", "deadline_exceeded")
        elif run.attempt >= run.max_attempts:
            run.end("failed", "worker_lost")
        else:
            run.code = "worker_lost"
            is_first = run.attempt == 1
            run.requeue("retrying", self.now_s if is_first else self.paused(run_id))

    @rule(target=leases, worker=st.sampled_from("abc"))
    def takes_over(self, worker: str) -> Iterable[Lease]:
        """Make zombies often: each of these steps alone is rarely followed by the next."""
        self.pass_time(2 * STEP_S)
        self.swept()
        leases = self.claimed(worker, 2)
        self.pass_time(STEP_S)
        return multiple(*leases)

    # --- Time ---------------------------------------------------------------------------

    @rule(steps=st.sampled_from([1, 1, 2, 3, 8]))
    def waits(self, steps: int) -> None:
        self.pass_time(steps * STEP_S)

    def pass_time(self, seconds: int) -> None:
        """Move the stored times back instead of the clock forward."""
        self.now_s += seconds
        Run.objects.update(
            **{
                name: ExpressionWrapper(
                    F(name) - timedelta(seconds=seconds), output_field=DateTimeField()
                )
                for name in ("available_at", "lease_expires_at", "deadline_at")
            }
        )

    def paused(self, run_id: UUID) -> float:
        """Check the pause before a retry, which is random, and give it a fixed length."""
        attempt = self.model[run_id].attempt
        longest_s = 1.5 * min(60, 2 * 2 ** (attempt - 1))
        stored = Run.objects.filter(pk=run_id)
        (pause,) = stored.annotate(now=Now()).values_list(
            F("available_at") - F("now"), flat=True
        )
        assert -SLACK_S < pause.total_seconds() <= longest_s
        stored.update(available_at=Now() + timedelta(seconds=PAUSE_S))
        return self.now_s + PAUSE_S

    def is_overdue(self, run: Expected) -> bool:
        return run.deadline_s is not None and run.deadline_s <= self.now_s

    # --- What must hold -----------------------------------------------------------------

    @invariant()
    def rows_are_what_the_model_says(self) -> None:
        stored = {pk: row for pk, *row in Run.objects.values_list("pk", *COLUMNS)}
        assert stored == {pk: list(run.row) for pk, run in self.model.items()}
        for pk, lease_left in Run.objects.running().values_list("pk", LEASE_LEFT):
            expected_s = self.model[pk].lease_until_s - self.now_s
            assert abs(lease_left.total_seconds() - expected_s) < SLACK_S

    def everything_ends(self) -> None:
        """Let one good worker live: whatever was left behind comes to an end."""
        rounds = 0
        while not {run.status for run in self.model.values()} <= TERMINAL:
            rounds += 1
            assert rounds < ENOUGH_ROUNDS, "some run never ends"
            self.pass_time(3 * STEP_S)
            self.swept()
            leases = self.claimed("good", 100)
            if leases:
                self.finishes(leases, "succeeds")
        self.rows_are_what_the_model_says()
        self.logs_are_whole()

    def logs_are_whole(self) -> None:
        events: dict[UUID, list[str]] = {pk: [] for pk in self.model}
        for pk, seq, kind in RunEvent.objects.order_by("run_id", "seq").values_list(
            "run_id", "seq", "kind"
        ):
            events[pk].append(kind)
            assert seq == len(events[pk])
        assert events == {pk: run.events for pk, run in self.model.items()}
        results: dict[UUID, dict[str, int]] = {pk: {} for pk in self.model}
        for pk, name, attempt in Result.objects.values_list(
            "run_id", "evaluator_name", "attempt"
        ):
            results[pk][name] = attempt
        assert results == {pk: run.results for pk, run in self.model.items()}
