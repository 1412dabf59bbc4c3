"""Doing a worker's work inside the test: the same frames, without processes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import timedelta

from evaluation.child import serve
from evaluation.framing import Frame, FrameDecoder
from results.recording import EvaluationExecutor
from runs import queue
from runs.models import Run, RunEvent
from runs.worker.execution import Recorded

LEASE = timedelta(seconds=30)
DEADLINE = timedelta(seconds=300)


def evaluate(job: Sequence[Frame]) -> list[Frame]:
    """Answer a job as an evaluator process does."""
    source = io.BytesIO(b"".join(frame.encode() for frame in job))
    sink = io.BytesIO()
    serve(source, sink)
    return FrameDecoder().feed(sink.getvalue())


def log(recorded: Recorded) -> None:
    """Log what was recorded and end the runs, as a worker does."""
    ends = [ending.apply(run) for run, ending in recorded.endings.items()]
    RunEvent.objects.log([*recorded.events, *ends])


def work_off() -> list[Run]:
    """Claim, evaluate and record everything that is due."""
    executor = EvaluationExecutor()
    runs = queue.claim("in-test", limit=100, lease=LEASE, deadline=DEADLINE)
    for run in runs:
        frames = evaluate(executor.job(run))
        with queue.holding([run.lease]) as held:
            log(executor.record({held[run.lease]: frames}))
    return [Run.objects.get(pk=run.pk) for run in runs]
