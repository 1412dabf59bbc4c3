"""Making runs, claiming them, and looking at what became of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db.models import F

from runs import queue
from runs.models import Run
from runs.spec import read_submission
from runs.submission import submit

LEASE = timedelta(seconds=30)
DEADLINE = timedelta(seconds=300)
TRACE = {"resourceSpans": []}


def submission_body(**fields: Any) -> bytes:
    """Return the body of a request that submits a run."""
    spec = {"target": {"kind": "inline", "inline": TRACE}, **fields.pop("spec", {})}
    return json.dumps({"spec": spec, **fields}).encode()


def make_run(*, max_attempts: int = 3, **fields: Any) -> Run:
    """Submit a run through the front door."""
    submission = read_submission(submission_body(**fields))
    (answer,) = submit([submission], max_attempts=max_attempts)
    return answer.run


def claim_one(worker: str = "worker-a", *, lease: timedelta = LEASE) -> Run:
    """Claim the next run."""
    (run,) = queue.claim(worker, limit=1, lease=lease, deadline=DEADLINE)
    return run


def fresh(run: Run) -> Run:
    """Read the run as it is stored now."""
    return Run.objects.get(pk=run.pk)


def let_lease_expire(run: Run) -> None:
    """Age the lease instead of waiting for it."""
    Run.objects.filter(pk=run.pk).update(
        lease_expires_at=F("claimed_at") - timedelta(seconds=1)
    )


def let_deadline_pass(run: Run) -> None:
    """Age the deadline instead of waiting for it."""
    Run.objects.filter(pk=run.pk).update(
        deadline_at=F("created_at") - timedelta(seconds=1)
    )


def event_kinds(run: Run) -> list[str]:
    """Return what happened to the run, in order, and check that nothing is missing."""
    events = list(run.events.order_by("seq"))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    return [event.kind for event in events]


def new_id() -> str:
    """Return a run id that nobody has."""
    return str(uuid4())
