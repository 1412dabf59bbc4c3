"""The runs in a worker's hands, and the evaluator processes that work on them."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress

from evaluation.framing import Frame
from runs.models import Lease
from runs.worker.children import Child, Evaluators
from runs.worker.heartbeat import Verdict, clock_s
from runs.worker.pace import Pace
from runs.worker.slots import Slot

WAKE = b"\0"


class Workbench:
    """Slots, at most ``processes`` of them at work, and what arrives from these.

    Runs that take little time are taken ahead: claiming and saving many at once costs
    little more than one.
    """

    def __init__(self, processes: int, evaluators: Evaluators) -> None:
        """Begin with nothing in hand."""
        self._processes = processes
        self._evaluators = evaluators
        self._slots: dict[Lease, Slot] = {}
        self._pace = Pace()
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = socket.socketpair()
        for end in (self._wake_read, self._wake_write):
            end.setblocking(False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)

    def __iter__(self) -> Iterator[Slot]:
        """Go through what is in hand; slots may be vacated meanwhile."""
        return iter(list(self._slots.values()))

    def __len__(self) -> int:
        """Count what is in hand."""
        return len(self._slots)

    def get(self, lease: Lease) -> Slot | None:
        """Return the slot of a lease. May be called from any thread."""
        return self._slots.get(lease)

    @property
    def room(self) -> int:
        """How many runs may be claimed now."""
        ahead = self._pace.ahead(self._processes)
        return max(0, self._processes + ahead - len(self._slots))

    @property
    def free_processes(self) -> int:
        """How many runs may begin now."""
        return self._processes - sum(slot.child is not None for slot in self)

    def put(self, slot: Slot) -> None:
        """Take a run that was just claimed."""
        self._slots[slot.lease] = slot

    def begin(self, slot: Slot, job: Sequence[Frame]) -> None:
        """Hand a run to an evaluator process."""
        child = self._evaluators.take()
        slot.begin(child, clock_s())
        self._selector.register(child.output, selectors.EVENT_READ, slot)
        child.send(job)
        if child.has_unsent:
            self._selector.register(child.input, selectors.EVENT_WRITE, slot)

    def vacate(self, slot: Slot) -> None:
        """Let go of a run; a process that still works on it is killed."""
        del self._slots[slot.lease]
        if slot.child is not None:
            self._unregister(slot.child)
            slot.child.close()

    def release_waiting(self, *, longer_than_s: float) -> None:
        """Let runs go back to the queue that no process has begun in this time."""
        latest_s = clock_s() - longer_than_s
        for slot in self:
            if slot.has_waited_since(latest_s):
                slot.stop(Verdict.RELEASED)
                self._pace.note(longer_than_s)

    # --- Waiting for what arrives -------------------------------------------------------

    def interrupt(self) -> None:
        """End the wait. May be called from any thread and from signal handlers."""
        with suppress(BlockingIOError):  # full: it is awake already
            self._wake_write.send(WAKE)

    def wait(self, timeout_s: float) -> None:
        """Wait for something to arrive, and take it."""
        for key, events in self._selector.select(timeout_s):
            slot: Slot | None = key.data
            if slot is None:
                with suppress(BlockingIOError):
                    self._wake_read.recv(1 << 12)
            elif events & selectors.EVENT_WRITE:
                self._give(slot)
            else:
                self._take(slot)

    def _give(self, slot: Slot) -> None:
        if slot.child is not None:
            slot.child.flush()
            if not slot.child.has_unsent:
                self._selector.unregister(slot.child.input)

    def _take(self, slot: Slot) -> None:
        if slot.child is None:
            return
        slot.receive(clock_s())
        if slot.child_ended:
            self._selector.unregister(slot.child.output)
        elif slot.is_done and (child := slot.part()) is not None:
            # What it has found is saved later; the process is free for the next run.
            self._pace.note(slot.ended_s - slot.since_s)
            self._unregister(child)
            self._evaluators.give_back(child)

    def _unregister(self, child: Child) -> None:
        for pipe in (child.output, child.input):
            with suppress(KeyError):
                self._selector.unregister(pipe)

    def close(self) -> None:
        """Drop what is in hand and end all processes."""
        for slot in self:
            self.vacate(slot)
        self._evaluators.close()
        self._selector.close()
        self._wake_read.close()
        self._wake_write.close()
