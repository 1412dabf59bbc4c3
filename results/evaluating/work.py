"""Carrying an evaluation out for a client that waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec

from evaluation.answering import Loaded
from evaluation.child import Done
from evaluation.framing import Frame, FrameKind
from results.evaluating.asked import Asked
from results.evaluating.record import LEFT, Record
from runs.errors import (
    BadRequestError,
    DeadlineExceededError,
    EvaluationCancelledError,
    EvaluatorDiedError,
    ServerStoppedError,
)
from runs.hosting import Host, Hosted
from runs.keeping import Keeper
from runs.models import Run, RunStatus
from runs.models.run import DEADLINE_EXCEEDED, overdue
from runs.worker.execution import Ending
from runs.worker.heartbeat import Verdict

FOR_CLIENTS = {FrameKind.TRACE, FrameKind.TOLD}
FOR_THE_RECORD = {FrameKind.PROGRESS, FrameKind.JUDGING, FrameKind.DONE}
REFUSALS = {
    "invalid_eval_set": "Invalid eval set: ",
    "no_traces": "No traces found: ",
}
DIED = Ending(
    status=RunStatus.FAILED,
    error="the evaluator process died",
    error_code="evaluator_died",
)
STOPPED = Ending(
    status=RunStatus.FAILED,
    error="the server was stopped before the end",
    error_code="server_stopped",
)
OVERDUE = Ending(status=RunStatus.FAILED, error=overdue(), error_code=DEADLINE_EXCEEDED)


class Evaluation:
    """One evaluation: ``async for`` its steps, then it has an ``answer``.

    With a ``keeper`` it has a run of its own from the moment its documents are read. A
    client that leaves (the loop is cancelled or closed) stops the work.
    """

    def __init__(
        self, asked: Asked, host: Host, *, deadline_s: float, keeper: Keeper | None
    ) -> None:
        """Do nothing yet."""
        self._asked = asked
        self._host = host
        self._deadline_s = deadline_s
        self._keeper = keeper
        self._record: Record | None = None
        self._verdict: Verdict | None = None
        self._hosted: Hosted | None = None
        self._run: Run | None = None
        self._answer = b""

    @property
    def answer(self) -> dict[str, msgspec.Raw | UUID | None]:
        """The result as clients are sent it, in the contract's order."""
        fields: dict[str, msgspec.Raw | UUID | None]
        fields = msgspec.json.decode(self._answer, type=dict[str, msgspec.Raw])
        return fields | {"runId": self._run.pk if self._run else None}

    async def steps(self, *, watch: bool) -> AsyncIterator[Frame]:
        """Evaluate, yielding what a client that watches is told.

        Raises:
            BadRequestError: what was sent cannot be evaluated at all.
            RunError: the evaluation was stopped, or has died.
        """
        ending: Ending | None = LEFT
        try:
            async with self._host.evaluator(self._asked.size) as self._hosted:
                async for frame in self._work(self._hosted, watch=watch):
                    yield frame
            ending = None
        except EvaluatorDiedError:
            ending = self._interruption(DIED)
        except ServerStoppedError:
            ending = self._interruption(STOPPED)
        finally:
            self._end(ending)
        if self._record is not None:
            self._run = await self._record.ended()
        self._refuse(ending)

    def _interruption(self, cause: Ending) -> Ending:
        return OVERDUE if self._verdict is Verdict.DEADLINE else cause

    def _end(self, ending: Ending | None) -> None:
        if self._record is None:
            self._asked.close()
        else:
            self._record.end(ending)

    def _refuse(self, ending: Ending | None) -> None:
        """Raise when there is no answer, or it must not be given any more."""
        run_id = self._run.pk if self._run else None
        if self._run is not None and self._run.status == RunStatus.CANCELLED:
            raise EvaluationCancelledError(self._run.pk)
        if ending is OVERDUE:
            raise DeadlineExceededError(self._deadline_s, run_id)
        if ending is STOPPED:
            raise ServerStoppedError(run_id)
        if ending is not None:
            raise EvaluatorDiedError(run_id)

    async def _work(self, hosted: Hosted, *, watch: bool) -> AsyncIterator[Frame]:
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._deadline_s, self._stop, Verdict.DEADLINE)
        try:
            async for frame in hosted.work(self._asked.job(watch=watch)):
                self._take(frame)
                if frame.kind in FOR_CLIENTS:
                    yield frame
        finally:
            timer.cancel()

    def _take(self, frame: Frame) -> None:
        if frame.kind is FrameKind.LOADED:
            self._begin(msgspec.json.decode(frame.body, type=Loaded))
        elif frame.kind is FrameKind.ANSWER:
            self._answer = frame.body
        elif frame.kind is FrameKind.DONE and not self._answer:
            done = msgspec.json.decode(frame.body, type=Done)
            raise BadRequestError(REFUSALS.get(done.error_code, "") + str(done.error))
        elif self._record and frame.kind in FOR_THE_RECORD:
            self._record.found(frame)

    def _begin(self, loaded: Loaded) -> None:
        if self._keeper is not None:
            self._record = Record(
                self._asked, loaded.trace_count, self._keeper, self._stop
            )

    def _stop(self, verdict: Verdict) -> None:
        """Kill the work; when only its run is lost, the client still gets its answer."""
        if verdict is not Verdict.LOST and self._hosted is not None:
            self._verdict = self._verdict or verdict
            self._hosted.stop()
