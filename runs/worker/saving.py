"""Writing what evaluators have sent and how their attempts ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runs import queue
from runs.models import Lease, Run, RunEvent, RunStatus
from runs.worker.execution import Ending, Executor
from runs.worker.slots import Slot


def save(slots: Sequence[Slot], executor: Executor) -> Mapping[Lease, Run]:
    """Write results, events and ends of several attempts in one transaction.

    Returns:
        The runs, as they are now, of the leases that still held; for the others nothing
        was written.
    """
    with queue.holding([slot.lease for slot in slots]) as held:
        mine = [slot for slot in slots if slot.lease in held]
        recorded = executor.record(
            {held[slot.lease]: slot.frames for slot in mine},
            again=any(slot.commit_unknown for slot in mine),
        )
        ends = [
            _end(slot, held[slot.lease], recorded.endings)
            for slot in mine
            if slot.has_ended
        ]
        RunEvent.objects.log([*recorded.events, *ends])
        return held


def _end(slot: Slot, run: Run, endings: Mapping[Run, Ending]) -> RunEvent:
    ending = endings.get(run) or slot.interruption()
    return ending.apply(run) if ending else run.release()


def outcome(run: Run) -> str:
    """Say for the log how an attempt ended."""
    if run.status == RunStatus.SUCCEEDED:
        summary = run.summary or {}
        results = sum(summary.get("result_counts", {}).values())
        return f"succeeded (traces={summary.get('trace_count', 0)}, results={results})"
    if run.status == RunStatus.FAILED:
        return f"failed: {run.error_code or run.error}"
    return "cancelled by request" if run.is_terminal else "went back to the queue"
