"""How a worker works."""

from __future__ import annotations

from evaluation.values import Value


class WorkerSettings(Value, frozen=True, kw_only=True):
    """Times in seconds. ``command`` starts an evaluator process."""

    slots: int
    lease_s: float
    heartbeat_s: float
    deadline_s: float
    poll_s: float
    drain_s: float
    command: tuple[str, ...]
    version: str = ""
