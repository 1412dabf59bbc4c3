"""Summing up a run from its stored results: where no evaluator did, or only of a part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from evaluation.summary import tally, verdict
from evaluation.values import JSONObject
from results.models import Result
from runs.models import Run, RunEvent


class StoredResult(NamedTuple):
    """What is counted of a stored result."""

    metric_name: str
    status: str
    score: float | None


def counted(run: Run, *, has_errors: bool) -> JSONObject:
    """Count the results that are stored, of whichever attempt.

    With ``has_errors`` something was not evaluated, so the verdict cannot be a pass.
    """
    rows = run.results.values_list("evaluator_name", "status", "score")
    tallied = tally([StoredResult(*row) for row in rows])
    conclusion = verdict(tallied["result_counts"], has_errors=has_errors)
    return {**tallied, "verdict": conclusion}


def sum_up_endings(events: Sequence[RunEvent]) -> None:
    """Sum up runs that ended without a last word of an evaluator: it listens to the log.

    A cancel, a deadline or a lost worker leaves results that count.
    """
    ended = {event.run_id: event.run for event in events if _is_bare_ending(event)}
    if not ended:
        return
    found = Result.objects.filter(run__in=ended).order_by().distinct()
    for run_id in found.values_list("run", flat=True):
        run = ended[run_id]
        run.summary = _summary(run)
        Run.objects.filter(pk=run_id).update(summary=run.summary)


def _is_bare_ending(event: RunEvent) -> bool:
    run = event.run
    return event.kind == run.status and run.is_terminal and run.summary is None


def _summary(run: Run) -> JSONObject:
    traces = run.results.values_list("trace_id", flat=True).order_by().distinct()
    return {"trace_count": len(traces), **counted(run, has_errors=True), "errors": []}
