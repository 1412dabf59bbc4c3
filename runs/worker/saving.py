"""Writing what evaluators have sent and how their attempts ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runs import queue
from runs.models import Lease, Run, RunEvent
from runs.worker.execution import Ending, Executor
from runs.worker.slots import Slot


def save(slots: Sequence[Slot], executor: Executor) -> set[Lease]:
    """Write results, events and ends of several attempts in one transaction.

    Returns:
        The leases that still held; for the others nothing was written.
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
        return set(held)


def _end(slot: Slot, run: Run, endings: Mapping[Run, Ending]) -> RunEvent:
    ending = endings.get(run) or slot.interruption()
    return ending.apply(run) if ending else run.release()
