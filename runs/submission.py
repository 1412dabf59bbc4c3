"""Accepting runs: durable before they are acknowledged; the same request finds its run."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from runs.models import EventKind, Run, RunEvent, RunInput, TraceDocument
from runs.models.run_queries import RunQuerySet
from runs.requests import Rerun
from runs.spec import Payload, Submission, canonical, decode_payload

# Two requests with one id can collide once; more than that is a fault, not a race.
TRIES = 3


class Outcome(Enum):
    """What became of one submission."""

    CREATED = "created"
    EXISTING = "existing"
    CONFLICT = "conflict"


class Answer(NamedTuple):
    """The run that is stored under the submission's id, and whose it is.

    A run that was just made has its ``stored_inputs`` at hand.
    """

    run: Run
    outcome: Outcome


def submit(submissions: Sequence[Submission], *, max_attempts: int) -> list[Answer]:
    """Queue runs, or find those that the same requests made before.

    All that are new are stored together; each of the others is answered on its own.

    Returns:
        One answer a submission, in their order. A conflict changes nothing: its run is
        the one that has the id with another spec.
    """
    for _ in range(TRIES):
        stored = _stored(submissions)
        try:
            made = _make(submissions, stored, max_attempts)
        except IntegrityError:
            continue  # somebody else submitted one of the ids at this moment
        return _answers(submissions, stored, made)
    # No race, then: let the database say what it refuses.
    return _answers(submissions, {}, _make(submissions, {}, max_attempts))


def resubmission(run: Run, rerun: Rerun) -> Submission:
    """Return a submission of the traces of a run, changed as was asked.

    The run was read with its inputs and their content.
    """
    return Submission(
        run_id=rerun.run_id,
        name=run.name if rerun.name is None else rerun.name,
        labels=run.labels if rerun.labels is None else rerun.labels,
        priority=run.priority if rerun.priority is None else rerun.priority,
        spec={**run.spec, **rerun.changes},
        payloads=tuple(
            Payload(
                name=each.name,
                content=each.document.verbatim(),
                format=each.document.format,
            )
            for each in run.stored_inputs
        ),
    )


def _stored(submissions: Sequence[Submission]) -> dict[UUID, Run]:
    ids = {each.run_id for each in submissions if each.run_id is not None}
    return Run.objects.in_bulk(ids) if ids else {}


def _make(
    submissions: Sequence[Submission], stored: dict[UUID, Run], max_attempts: int
) -> list[Run | None]:
    """Store what is new, in one transaction; None where an id is taken.

    Of several submissions with one id the first is new.
    """
    taken = set(stored)
    runs: list[Run | None] = []
    for each in submissions:
        is_new = each.run_id is None or each.run_id not in taken
        runs.append(_build(each, max_attempts) if is_new else None)
        if each.run_id is not None:
            taken.add(each.run_id)
    pairs = zip(runs, submissions, strict=True)
    new = [(run, submission) for run, submission in pairs if run is not None]
    if new:
        _insert(new)
    return runs


def _build(submission: Submission, max_attempts: int) -> Run:
    return Run(
        run_id=submission.run_id or uuid4(),
        spec=submission.spec,
        fingerprint=submission.fingerprint,
        name=submission.name,
        labels=submission.labels,
        metrics=submission.metrics,
        priority=submission.priority,
        project=submission.project,
        max_attempts=max_attempts,
    )


def _insert(new: Sequence[tuple[Run, Submission]]) -> None:
    runs = [run for run, _ in new]
    events = [run.append_event(EventKind.QUEUED) for run in runs]
    for run, submission in new:
        run.stored_inputs = _inputs(run, submission)
    inputs = [each for run in runs for each in run.stored_inputs]
    documents = {each.document.digest: each.document for each in inputs}
    # In one order everywhere, so that two batches cannot wait for each other's rows.
    in_order = [documents[digest] for digest in sorted(documents)]
    with transaction.atomic():
        _share_fairly(runs)
        Run.objects.bulk_create(runs)
        TraceDocument.objects.bulk_create(in_order, ignore_conflicts=True)
        RunInput.objects.bulk_create(inputs)
        RunEvent.objects.log(events)


def _inputs(run: Run, submission: Submission) -> list[RunInput]:
    return [
        RunInput(
            run=run,
            position=position,
            name=payload.name,
            document=TraceDocument.of(payload.content, format=payload.format),
        )
        for position, payload in enumerate(submission.payloads)
    ]


def _share_fairly(runs: Sequence[Run]) -> None:
    """Give new runs their place in virtual time (start-time fair queueing).

    A project's next run starts after its last one that waits or runs, and not before
    what is being served now: so one that floods the queue spreads over virtual time,
    and one that comes with a single run is next. A key never changes, so nobody starves.
    Two submits at once may get the same key; the order of creation decides then.
    """
    now = _virtual_time()
    projects = {run.project for run in runs}
    places = {project: max(now, _after_last(project)) for project in projects}
    for run in runs:
        run.fair_key = places[run.project]
        places[run.project] += 1


def _virtual_time() -> int:
    """Return what is being served, or the head of the queue when nothing is."""
    served = _first_key(Run.objects.running().order_by("-fair_key"))
    return (_first_key(Run.objects.due()) or 0) if served is None else served


def _after_last(project: str) -> int:
    mine = Run.objects.unfinished().filter(project=project)
    last = _first_key(mine.order_by("-fair_key"))
    return 0 if last is None else last + 1


def _first_key(runs: RunQuerySet) -> int | None:
    return runs.values_list("fair_key", flat=True).first()


def _answers(
    submissions: Sequence[Submission],
    stored: dict[UUID, Run],
    made: Sequence[Run | None],
) -> list[Answer]:
    known = stored | {run.run_id: run for run in made if run is not None}
    answers = []
    for submission, run in zip(submissions, made, strict=True):
        if run is not None:
            answers.append(Answer(run, Outcome.CREATED))
            continue
        existing = known[submission.run_id]  # type: ignore[index]  # only ids are taken
        same = _asks_the_same(existing, submission)
        answers.append(Answer(existing, Outcome.EXISTING if same else Outcome.CONFLICT))
    return answers


def _asks_the_same(run: Run, submission: Submission) -> bool:
    """Compare by fingerprint, and by meaning when payloads are only spelled otherwise."""
    if run.fingerprint == submission.fingerprint:
        return True
    if canonical(run.spec) != canonical(submission.spec):
        return False
    inputs = run.inputs.select_related("document").order_by("position")
    stored = [_meaning(each.document.verbatim()) for each in inputs]
    return stored == [_meaning(payload.content) for payload in submission.payloads]


def _meaning(content: bytes) -> bytes:
    return canonical(decode_payload(content))
