"""Calling a run otherwise; what it does, and its place in the queue, stay as they are."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from runs import queue
from runs.errors import FieldError, InvalidSubmissionError
from runs.models import Run
from runs.requests import Edit
from runs.spec import MAX_LABELS


def edit(run_id: UUID, wanted: Edit) -> None:
    """Change the name and labels of a run, whatever state it is in.

    Its share of the workers is settled at submit: another ``project`` label changes
    what the history shows and not whose turn it is.

    Raises:
        RunNotFoundError: there is no such run.
        InvalidSubmissionError: it would have too many labels.
    """
    with transaction.atomic():
        run = queue.locked(run_id)
        labels = wanted.merged(run.labels)
        if len(labels) > MAX_LABELS:
            message = f"a run has at most {MAX_LABELS} labels, not {len(labels)}"
            fault = FieldError(loc=("body", "labels"), msg=message)
            raise InvalidSubmissionError([fault])
        name = run.name if wanted.name is None else wanted.name
        Run.objects.filter(pk=run_id).update(name=name, labels=labels)
