"""The operations on runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from agentevals_site.openapi.operation import (
    CURSOR,
    LIMIT,
    RUN_ID,
    Answer,
    Body,
    Document,
    Fault,
    Operation,
    Parameter,
)
from evaluation.outcome import Verdict
from runs.api.traces import JSON_LINES, PROTOBUF
from runs.requests import MAX_BATCH, Units
from runs.spec import Label, LabelKey, Labels, Name, Priority, TraceFormat

TAG = "runs"
TargetKind = Literal["inline", "http", "uploaded"]
Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
TRACE = {
    "resourceSpans": [
        {
            "scopeSpans": [
                {
                    "spans": [
                        {
                            "traceId": "0af7651916cd43dd8448eb211c80319c",
                            "spanId": "b7ad6b7169203331",
                            "name": "invoke_agent weather",
                            "startTimeUnixNano": "1760000000000000000",
                            "endTimeUnixNano": "1760000001000000000",
                        }
                    ]
                }
            ]
        }
    ]
}


class InlineTarget(Document, tag_field="kind", tag="inline"):
    """A trace export in the request itself: Jaeger JSON or OTLP JSON."""

    inline: dict[str, Any]
    trace_format: TraceFormat | None = None


class HttpTarget(Document, tag_field="kind", tag="http"):
    """A trace that the worker fetches from ``<baseUrl>/<traceId>``."""

    base_url: str
    trace_id: str
    trace_format: TraceFormat | None = None


class Spec(Document):
    """What is to be evaluated, and how. Other keys are kept and given back.

    ``evalSet`` and ``evalConfig`` are checked as the command does; ``sinks`` say where
    the results are to be delivered; of ``context`` only ``headers`` is used, to fetch.
    """

    target: InlineTarget | HttpTarget
    approach: Literal["trace_replay"] = "trace_replay"
    eval_set: dict[str, Any] | None = None
    eval_config: dict[str, Any] = {}
    sinks: list[dict[str, Any]] = []
    context: dict[str, Any] = {}


class Submission(Document):
    """A run to make. Names are understood in snake_case too; other keys are ignored."""

    spec: Spec
    run_id: UUID | None = None
    name: Name = ""
    labels: Labels = {}
    priority: Priority = 0


class Batch(Document):
    """Several runs to make; each is accepted or refused on its own."""

    runs: Annotated[list[Submission], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]


class Retry(Document):
    """Which units are evaluated again; those without a result always are."""

    units: Units = "errored"


class Rerun(Document, forbid_unknown_fields=True):
    """What is to be different in the new run."""

    eval_config: dict[str, Any] = {}
    eval_set: dict[str, Any] | None = None
    run_id: UUID | None = None
    name: Name | None = None
    labels: Labels | None = None
    priority: Priority | None = None


class Edit(Document, forbid_unknown_fields=True):
    """A merge patch: null removes a label, all labels, or the name."""

    name: Name | None = None
    labels: dict[LabelKey, Label | None] | None = None


class StoredTarget(Document):
    """Where the traces of a run came from; secrets are covered.

    ``inline`` is there in a single run and null in lists, where digest and size stand
    for it.
    """

    kind: TargetKind
    inline: dict[str, Any] | None
    base_url: str | None
    trace_id: str | None
    trace_format: TraceFormat | None
    trace_count: int | None
    trace_files: list[str] | None
    inline_digest: str | msgspec.UnsetType = msgspec.UNSET
    inline_size: int | msgspec.UnsetType = msgspec.UNSET


class StoredSpec(Document):
    """A specification as it was sent, with every default, secrets covered."""

    approach: Literal["trace_replay"]
    target: StoredTarget
    eval_set: dict[str, Any] | None
    eval_config: dict[str, Any]
    sinks: list[dict[str, Any]]
    context: dict[str, Any]


class Run(Document):
    """An evaluation that was asked for, and where it stands.

    ``succeeded`` says that it was carried out; ``summary.verdict`` whether the agent
    passed. ``summary`` keeps its snake_case keys.
    """

    run_id: UUID
    status: Status
    spec: StoredSpec
    attempt: int
    worker_id: str | None
    error: str | None
    summary: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested: bool
    error_code: str | None
    max_attempts: int
    lease_expires_at: datetime | None
    deadline_at: datetime | None
    name: str
    labels: dict[str, str]
    priority: int


class StoredTrace(Document):
    """A trace document of a run; its digest tells it from all others."""

    position: int
    name: str | None
    format: str | None
    size: int
    digest: str


class Outcome(Document):
    """What became of one run of a batch; ``detail`` lists the faults of an invalid one."""

    outcome: Literal["created", "existing", "conflict", "invalid"]
    run_id: UUID | None
    status: Status | None
    detail: str | list[Fault] | None


SUBMISSION_EXAMPLE = {
    "spec": {
        "target": {"kind": "inline", "inline": TRACE},
        "evalConfig": {"metrics": ["tool_call_count_v1"]},
    },
    "name": "nightly",
    "labels": {"project": "weather"},
}
REPLAY = {
    "Location": "The path of the run.",
    "Idempotent-Replay": "`true` when the same request had made the run before.",
}

FILTERS = (
    Parameter(name="status", kind=list[Status], says="In one of these."),
    Parameter(name="kind", kind=list[TargetKind], says="With a target of this kind."),
    Parameter(name="verdict", kind=list[Verdict], says="Whose verdict this is."),
    Parameter(name="metric", kind=list[str], says="Asked for this evaluator."),
    Parameter(
        name="agent", kind=list[str], says="In whose traces this agent was seen."
    ),
    Parameter(name="evalSetId", kind=list[str], says="With this eval set."),
    Parameter(name="name", kind=list[str], says="Of exactly this name."),
    Parameter(name="createdAfter", kind=datetime, says="Made then or later."),
    Parameter(name="createdBefore", kind=datetime, says="Made before then."),
    Parameter(name="before", kind=datetime, says="The same as `createdBefore`."),
    Parameter(
        name="q", kind=str, says="With this in name, labels, eval set id, error or id."
    ),
    LIMIT,
    CURSOR,
)

OPERATIONS = (
    Operation(
        method="post",
        path="/api/runs",
        name="submitRun",
        tag=TAG,
        summary="Queue a run",
        says="The answer is sent once the run is stored. The same id with the same "
        "specification finds the stored run; with another it is refused.",
        bodies=(Body(kind=Submission, example=SUBMISSION_EXAMPLE),),
        answers={202: Answer(says="The run, stored.", kind=Run, headers=REPLAY)},
        problems=(409, 503),
    ),
    Operation(
        method="get",
        path="/api/runs",
        name="listRuns",
        tag=TAG,
        summary="List runs, newest first",
        says="Different parameters must all hold, of several values of one any will do. "
        "`label.KEY=VALUE` asks for a label. Others are refused.",
        parameters=FILTERS,
        answers={
            200: Answer(
                says="Runs without their traces, and where the next page begins.",
                kind=list[Run],
                beside={"nextCursor": str | None},
            )
        },
        problems=(422, 503),
    ),
    Operation(
        method="post",
        path="/api/runs/batch",
        name="submitRuns",
        tag=TAG,
        summary="Queue up to 1,000 runs",
        bodies=(Body(kind=Batch, example={"runs": [SUBMISSION_EXAMPLE]}),),
        answers={202: Answer(says="One outcome a run, in order.", kind=list[Outcome])},
        problems=(503,),
    ),
    Operation(
        method="get",
        path="/api/runs/{run_id}",
        name="getRun",
        tag=TAG,
        summary="Read a run, its trace included",
        parameters=(RUN_ID,),
        answers={200: Answer(says="The run.", kind=Run)},
        problems=(404, 422, 503),
    ),
    Operation(
        method="patch",
        path="/api/runs/{run_id}",
        name="editRun",
        tag=TAG,
        summary="Change the name and the labels of a run",
        parameters=(RUN_ID,),
        bodies=(
            Body(
                kind=Edit,
                example={"name": "weekly", "labels": {"team": "red", "old": None}},
            ),
        ),
        answers={200: Answer(says="The run.", kind=Run)},
        problems=(404, 503),
    ),
    Operation(
        method="delete",
        path="/api/runs/{run_id}",
        name="deleteRun",
        tag=TAG,
        summary="Delete a run that has ended",
        says="With its results, events and deliveries, and the traces that only it has.",
        parameters=(RUN_ID,),
        answers={204: Answer(says="It is gone.")},
        problems=(404, 409, 422, 503),
    ),
    Operation(
        method="get",
        path="/api/runs/{run_id}/traces",
        name="listTraces",
        tag=TAG,
        summary="List the trace documents of a run",
        parameters=(RUN_ID,),
        answers={200: Answer(says="In their order.", kind=list[StoredTrace])},
        problems=(404, 422, 503),
    ),
    Operation(
        method="get",
        path="/api/runs/{run_id}/traces/{position}",
        name="getTrace",
        tag=TAG,
        summary="Read a trace document, byte for byte as it was received",
        parameters=(
            RUN_ID,
            Parameter(
                name="position",
                kind=Annotated[int, msgspec.Meta(ge=0)],
                says="Its place, counted from 0.",
                place="path",
                required=True,
            ),
        ),
        answers={
            200: Answer(
                says="The file.",
                headers={"ETag": "The digest of the document."},
                bodies=(
                    Body(kind=dict[str, Any]),
                    Body(media=JSON_LINES),
                    Body(media=PROTOBUF),
                ),
            ),
            304: Answer(says="`If-None-Match` names the digest; it is the same."),
        },
        problems=(404, 422, 503),
    ),
    Operation(
        method="post",
        path="/api/runs/{run_id}/cancel",
        name="cancelRun",
        tag=TAG,
        summary="Ask for the end of a run",
        says="A run that waits ends at once, one that runs when its worker has stopped "
        "the work; one that has ended stays as it is.",
        parameters=(RUN_ID,),
        answers={200: Answer(says="The run after the request.", kind=Run)},
        problems=(404, 422, 503),
    ),
    Operation(
        method="post",
        path="/api/runs/{run_id}/rerun",
        name="rerunRun",
        tag=TAG,
        summary="Evaluate the same traces in a new run",
        parameters=(RUN_ID,),
        bodies=(
            Body(
                kind=Rerun,
                required=False,
                example={"evalConfig": {"metrics": ["tool_error_rate"]}},
            ),
        ),
        answers={202: Answer(says="The new run, stored.", kind=Run, headers=REPLAY)},
        problems=(404, 409, 503),
    ),
    Operation(
        method="post",
        path="/api/runs/{run_id}/retry",
        name="retryRun",
        tag=TAG,
        summary="Queue a run that has ended for another attempt",
        parameters=(RUN_ID,),
        bodies=(Body(kind=Retry, required=False, example={"units": "failed"}),),
        answers={202: Answer(says="The run, queued.", kind=Run)},
        problems=(404, 409, 503),
    ),
)
