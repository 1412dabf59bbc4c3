"""What a worker is given to execute runs with, and what comes of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from evaluation.framing import Frame
from evaluation.values import JSONObject, Value
from runs.models import Run, RunEvent, RunStatus
from runs.models.run import retry_delay
from runs.worker.preparing import Preparation, Work


class Ending(Value, frozen=True, kw_only=True):
    """How an attempt ended.

    A transient failure is tried again while the run has attempts left.
    """

    status: RunStatus
    summary: JSONObject | None = None
    error: str | None = None
    error_code: str = ""
    transient: bool = False

    def apply(self, run: Run) -> RunEvent:
        """Write the ending to a run that is held; returns the event to save."""
        error = self.error or self.error_code
        retry = self.transient and run.attempt < run.max_attempts
        if retry and not run.cancel_requested:
            delay = retry_delay(run.attempt)
            return run.retry_later(error=error, error_code=self.error_code, delay=delay)
        return run.finish(
            self.status,
            summary=self.summary,
            error=self.error,
            error_code=self.error_code,
        )


def cannot_start(error: Exception) -> Ending:
    """Return how an attempt ends whose evaluator could not be started."""
    return Ending(
        status=RunStatus.FAILED,
        error=f"the evaluation could not be started: {type(error).__name__}: {error}",
        error_code="cannot_start",
        transient=True,
    )


class Recorded(NamedTuple):
    """What was recorded: the endings of runs that have one, and events to be logged."""

    endings: Mapping[Run, Ending]
    events: Sequence[RunEvent] = ()


class Executor(Protocol):
    """The function that runs are executed with: it knows what the queue does not."""

    def preparation(self, run: Run) -> Work | None:
        """Return what must be done before ``job``, in another thread; mostly nothing.

        The work uses no database and ends by itself.
        """

    def prepare(self, run: Run, preparation: Preparation) -> Ending | None:
        """Save what a preparation brought for a run that is held, or how it failed."""

    def load(self, runs: Sequence[Run]) -> None:
        """Read what ``job`` needs of these runs, in as few queries as for one."""

    def job(self, run: Run) -> Sequence[Frame]:
        """Return the frames that tell an evaluator process what to do."""

    def record(
        self, progress: Mapping[Run, Sequence[Frame]], *, again: bool = False
    ) -> Recorded:
        """Save what was found for runs that are held, in the caller's transaction.

        ``again`` says that some of it may be stored already: the answer to a commit was
        lost.

        Returns:
            The endings of those runs whose last frame is among them, and the events of
            what was found. The caller logs them, before the runs' ends.
        """
