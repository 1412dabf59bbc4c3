"""The tables of the queue."""

from __future__ import annotations

from runs.models.documents import RunInput, TraceDocument
from runs.models.evaluators import StoredEvaluator
from runs.models.events import EventKind, RunEvent
from runs.models.lookups import AnyValueContains, Includes
from runs.models.run import Run
from runs.models.run_queries import load_inputs
from runs.models.status import Approach, Lease, RunStatus, TargetKind
from runs.models.tokens import ApiToken, Scope
from runs.models.workers import Worker

__all__ = [
    "AnyValueContains",
    "ApiToken",
    "Approach",
    "EventKind",
    "Includes",
    "Lease",
    "Run",
    "RunEvent",
    "RunInput",
    "RunStatus",
    "Scope",
    "StoredEvaluator",
    "TargetKind",
    "TraceDocument",
    "Worker",
    "load_inputs",
]
