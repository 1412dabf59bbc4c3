"""Runs with sinks, and what their outbox holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from django.db.models import F

from evaluation.child import Done, Progress
from evaluation.framing import Frame, FrameKind
from evaluation.judging.progress import Judging
from evaluation.outcome import MetricResult, RunResult, TraceResult
from results.models import Delivery
from results.recording import EvaluationExecutor
from runs import queue
from runs.models import Run
from tests.results.executing import log
from tests.runs.building import make_run

STDOUT = {"kind": "stdout"}
LEASE = timedelta(seconds=60)


def run_with(*sinks: dict[str, Any], **fields: Any) -> Run:
    """Submit a run that delivers to these sinks."""
    return make_run(spec={"sinks": list(sinks)}, **fields)


def unit(metric: str, score: float = 1.0, trace_id: str = "t1") -> Frame:
    """Return what an evaluator says when a metric is ready."""
    result = MetricResult(metric_name=metric, score=score, eval_status="PASSED")
    progress = Progress(trace_id=trace_id, metric=result)
    return Frame(kind=FrameKind.PROGRESS, body=msgspec.json.encode(progress))


def judging(answers: int, metric: str = "tone", trace_id: str = "t1") -> Frame:
    """Return what an evaluator says while it waits for judges."""
    how_far = Judging(answers=answers, trace_id=trace_id, evaluator_name=metric)
    return Frame(kind=FrameKind.JUDGING, body=msgspec.json.encode(how_far))


def done(**fields: Any) -> Frame:
    """Return what an evaluator says last: by default, that one trace was evaluated."""
    fields = fields or {"result": RunResult(trace_results=[TraceResult(trace_id="t1")])}
    return Frame(kind=FrameKind.DONE, body=msgspec.json.encode(Done(**fields)))


def record(run: Run, *frames: Frame) -> None:
    """Save frames as a worker does: results, the end and its event together."""
    with queue.holding([run.lease]) as held:
        log(EvaluationExecutor().record({held[run.lease]: frames}))


def outbox(run: Run) -> list[tuple[int, str, int]]:
    """Return number, phase and sink of the run's deliveries, in order."""
    rows = Delivery.objects.filter(run=run).in_order()
    return list(rows.values_list("sequence", "phase", "sink_index"))


def claim(limit: int = 10) -> list[Delivery]:
    """Claim what is due."""
    return Delivery.objects.claim(limit=limit, lease=LEASE)


def let_time_pass() -> None:
    """Age every pause and lease instead of waiting for it."""
    Delivery.objects.update(next_try_at=F("created_at"))


def names(results: Sequence[dict[str, Any]]) -> list[str]:
    """Return the evaluators of rendered results."""
    return [result["evaluatorName"] for result in results]
