"""The tables of the queue."""

from __future__ import annotations

from runs.models.documents import RunInput, TraceDocument
from runs.models.events import EventKind, RunEvent
from runs.models.run import Approach, Lease, Run, RunStatus
from runs.models.tokens import ApiToken, Scope
from runs.models.workers import Worker

__all__ = [
    "ApiToken",
    "Approach",
    "EventKind",
    "Lease",
    "Run",
    "RunEvent",
    "RunInput",
    "RunStatus",
    "Scope",
    "TraceDocument",
    "Worker",
]
