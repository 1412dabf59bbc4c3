"""Where a run can stand, what it can be about, and by what right it is written to."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db import models


class RunStatus(models.TextChoices):
    """Where a run stands; the last three are terminal."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether a run of this status never changes again."""
        return self in TERMINAL


TERMINAL = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED})


class Approach(models.TextChoices):
    """How the behaviour that is judged came about."""

    TRACE_REPLAY = "trace_replay"


class TargetKind(models.TextChoices):
    """Where the traces of a run come from."""

    INLINE = "inline"
    HTTP = "http"
    UPLOADED = "uploaded"


class Lease(NamedTuple):
    """The right to write to a run.

    ``attempt`` only grows, so that a lease which was lost can never match again. A run
    that is made under the id of one that was deleted counts from 1 again: there the worker
    tells them apart, whose name is another at every start.
    """

    run_id: UUID
    attempt: int
    worker_id: str | None
