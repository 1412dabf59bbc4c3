"""Requests about runs, read and checked: many at once, once more, once more otherwise."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from evaluation.eval_sets import parse_eval_set
from evaluation.values import JSONObject, Value
from runs.errors import FieldError, InvalidSubmissionError
from runs.fields import Fields
from runs.spec import (
    Label,
    LabelKey,
    Labels,
    Name,
    Priority,
    Submission,
    read_submission,
    take_config,
)

MAX_BATCH = 1000
Units = Literal["errored", "failed", "all"]
Batch = Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]


def read_batch(body: bytes) -> list[Submission | InvalidSubmissionError]:
    """Read the body of ``POST /api/runs/batch``: ``{"runs": [...]}``.

    Returns:
        One item a run, in order: its submission, or what is wrong with it.

    Raises:
        InvalidSubmissionError: the body as a whole is no batch.
    """
    errors: list[FieldError] = []
    fields = Fields(body, ("body",), errors)
    raw = fields.take_raw("runs", required=True)
    items: list[msgspec.Raw] = []
    try:
        items = msgspec.json.decode(raw or b"[{}]", type=Batch)
    except msgspec.ValidationError as error:
        fields.fault("runs", str(error))
    if errors:
        raise InvalidSubmissionError(errors)
    return [_read_item(bytes(item), place) for place, item in enumerate(items)]


def _read_item(item: bytes, place: int) -> Submission | InvalidSubmissionError:
    try:
        return read_submission(item, ("body", "runs", place))
    except InvalidSubmissionError as error:
        return error


def read_units(body: bytes) -> Units:
    """Read the body of ``POST /api/runs/{id}/retry``: which units to evaluate again.

    ``errored`` (default) are those without a verdict, ``failed`` those and the ones that
    did not pass, ``all`` every one. Units without a result are always evaluated.

    Raises:
        InvalidSubmissionError: it names nothing of the kind.
    """
    errors: list[FieldError] = []
    fields = Fields(body or b"{}", ("body",), errors)
    units: Units = fields.take("units", Units, "errored")
    for name in fields.rest():
        fields.fault(name, f"{name}: is no field of a retry; remove it")
    if errors:
        raise InvalidSubmissionError(errors)
    return units


class Rerun(Value, frozen=True, kw_only=True):
    """A request to evaluate the traces of a run in a new run.

    ``changes`` holds the parts of the specification that are to be others.
    """

    changes: JSONObject
    run_id: UUID | None = None
    name: str | None = None
    labels: dict[str, str] | None = None
    priority: int | None = None


def read_rerun(body: bytes) -> Rerun:
    """Read the body of ``POST /api/runs/{id}/rerun``; an empty one changes nothing.

    Raises:
        InvalidSubmissionError: names every field that is wrong.
    """
    errors: list[FieldError] = []
    fields = Fields(body or b"{}", ("body",), errors)
    changes: dict[str, Any] = {}
    if fields.has("evalConfig"):
        changes["eval_config"] = take_config(fields)
    if fields.has("evalSet"):
        changes["eval_set"] = fields.take(
            "evalSet", dict[str, Any] | None, check=parse_eval_set
        )
    rerun = Rerun(
        changes=changes,
        run_id=fields.take("runId", UUID | None),
        name=fields.take("name", Name | None),
        labels=fields.take("labels", Labels | None),
        priority=fields.take("priority", Priority | None),
    )
    for name in fields.rest():
        fields.fault(name, f"{name}: is no field of a rerun; remove it")
    if errors:
        raise InvalidSubmissionError(errors)
    return rerun


class Edit(Value, frozen=True, kw_only=True):
    """A request to call a run otherwise, as a merge patch (RFC 7396).

    ``name`` None leaves it. ``labels`` are set, or removed where None; with
    ``drops_labels`` all others are removed.
    """

    name: str | None = None
    labels: dict[str, str | None] = {}
    drops_labels: bool = False

    def merged(self, labels: dict[str, str]) -> dict[str, str]:
        """Return labels as they are after the edit."""
        kept = {} if self.drops_labels else labels
        return {k: v for k, v in {**kept, **self.labels}.items() if v is not None}


def read_edit(body: bytes) -> Edit:
    """Read the body of ``PATCH /api/runs/{id}``.

    Raises:
        InvalidSubmissionError: names every field that is wrong.
    """
    errors: list[FieldError] = []
    fields = Fields(body, ("body",), errors)
    name = fields.take("name", Name | None)
    labels = fields.take("labels", dict[LabelKey, Label | None] | None)
    edit = Edit(
        name=name or "" if fields.has("name") else None,
        labels=labels or {},
        drops_labels=fields.has("labels") and labels is None,
    )
    for unknown in fields.rest():
        fields.fault(unknown, f"{unknown}: only `name` and `labels` can be changed")
    if errors:
        raise InvalidSubmissionError(errors)
    return edit
