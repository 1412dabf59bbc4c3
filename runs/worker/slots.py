"""A run in the hands of an evaluator process."""

from __future__ import annotations

import threading

from evaluation.framing import Frame, FrameKind, FramingError
from runs.models import Lease, Run, RunStatus
from runs.models.run import DEADLINE_EXCEEDED, overdue
from runs.worker.children import Child
from runs.worker.execution import Ending
from runs.worker.heartbeat import Verdict
from runs.worker.preparing import Preparation

# Results of a run that goes on are saved in batches of this age.
FLUSH_S = 0.2
# While others work, the end of a run waits so long for theirs: one transaction ends all.
LINGER_S = 0.01


class Slot:
    """One claimed run, its evaluator process, and what has arrived and is not saved.

    ``since_s``, when it began to wait or to be worked on, and ``deadline_s`` are on the
    worker's own clock.
    """

    def __init__(self, run: Run, *, since_s: float, deadline_s: float) -> None:
        """Take a run that was just claimed; its process comes with ``begin``."""
        self.run = run
        self.lease: Lease = run.lease
        self.since_s = since_s
        self.deadline_s = deadline_s
        self.child: Child | None = None
        self.frames: list[Frame] = []
        self.oldest_s: float | None = None
        self.ended_s = 0.0
        self.verdict: Verdict | None = None
        self.child_ended = False
        self.commit_unknown = False
        self.preparation: Preparation | None = None
        self.is_prepared = False
        self.failure: Ending | None = None
        self.fault = "died"
        # The heartbeat kills a process that the worker may just give to another run.
        self._parting = threading.Lock()

    def __str__(self) -> str:
        """Name the run and the attempt, for the log."""
        return f"run={self.lease.run_id} (attempt={self.lease.attempt})"

    def begin(self, child: Child, now_s: float) -> None:
        """Be worked on by a process."""
        self.child, self.since_s = child, now_s

    def stop(self, verdict: Verdict) -> None:
        """Kill the process and remember why; the first reason counts. From any thread."""
        with self._parting:
            if self.has_ended or self.verdict is not None:
                return
            self.verdict = verdict
            self._kill()

    def part(self) -> Child | None:
        """Give the process away that is done with the run; None if it was told to stop."""
        with self._parting:
            if self.verdict is not None:
                return None
            child, self.child = self.child, None
            return child

    def _kill(self) -> None:
        if self.child is None:
            self.child_ended = True
        else:
            self.child.kill()

    def fail(self, ending: Ending) -> None:
        """End the attempt before it has got a process."""
        self.failure = ending
        self.child_ended = True

    def receive(self, now_s: float) -> None:
        """Take what the process has sent; a dead one has sent its last."""
        try:
            frames = self.child.receive() if self.child else None
        except FramingError as error:
            self.distrust(error)
            return
        if frames is None:
            self.child_ended = True
        elif frames:
            self.frames += frames
            self.oldest_s = self.oldest_s or now_s
            self.ended_s = now_s

    def distrust(self, error: Exception) -> None:
        """Drop what the process has sent and kill it: this cannot be read or saved."""
        self.fault = f"sent what cannot be saved ({error})"
        self.saved()
        self._kill()

    @property
    def is_done(self) -> bool:
        """Whether the process has said how the job ended."""
        return any(frame.kind is FrameKind.DONE for frame in self.frames)

    @property
    def has_ended(self) -> bool:
        """Whether this attempt is over, one way or another."""
        return self.is_done or self.child_ended

    @property
    def is_waiting(self) -> bool:
        """Whether a process could begin with the run."""
        prepares = self.preparation is not None and not self.preparation.is_over
        return self.child is None and not (self.has_ended or prepares)

    def has_waited_since(self, moment_s: float) -> bool:
        """Whether a process could have begun with it then.

        A trace that was fetched is kept first: whoever claims the run next would have to
        fetch it again.
        """
        is_kept = self.preparation is None or self.is_prepared
        return self.is_waiting and is_kept and self.since_s <= moment_s

    def save_at_s(self, *, alone: bool) -> float | None:
        """When what has arrived has to be written; None if nothing has.

        ``alone`` says that nothing else is in hand that has not ended.
        """
        if self.has_ended:
            return 0.0 if alone or not self.is_done else self.ended_s + LINGER_S
        return None if self.oldest_s is None else self.oldest_s + FLUSH_S

    def saved(self) -> None:
        """Forget what a committed transaction holds."""
        self.frames.clear()
        self.oldest_s = None

    def interruption(self) -> Ending | None:
        """Return how an attempt without a last word ends; None to give the run back."""
        if self.verdict is Verdict.RELEASED:
            return None
        if self.verdict is None and self.failure is not None:
            return self.failure
        if self.verdict is None:
            return Ending(
                status=RunStatus.FAILED,
                error=f"the evaluator process {self.fault} in attempt {self.run.attempt}",
                error_code="evaluator_died",
                transient=True,
            )
        if self.verdict is Verdict.DEADLINE:
            return Ending(
                status=RunStatus.FAILED,
                error=overdue(self._obstacle()),
                error_code=DEADLINE_EXCEEDED,
            )
        return INTERRUPTIONS[self.verdict]

    def _obstacle(self) -> str | None:
        """Return what kept the evaluation from beginning, if it did not begin."""
        if self.child is not None:
            return None
        if self.run.error or self.preparation is None or self.is_prepared:
            return self.run.error
        return "the trace was still being fetched"


INTERRUPTIONS = {
    Verdict.CANCELLED: Ending(
        status=RunStatus.CANCELLED, error="cancelled by request", error_code="cancelled"
    )
}
