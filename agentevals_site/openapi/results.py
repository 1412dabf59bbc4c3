"""The operations on what was found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from agentevals_site.openapi.operation import (
    CURSOR,
    LIMIT,
    RUN_ID,
    Answer,
    Body,
    Document,
    Operation,
    Parameter,
)

TAG = "results"
ResultStatus = Literal["passed", "failed", "errored", "skipped"]
EvaluatorType = Literal["builtin", "code", "remote", "openai_eval"]


class Result(Document):
    """What one evaluator said about one trace.

    ``perInvocationScores`` has one entry a turn, null where nothing was measured.
    """

    result_id: str
    run_id: UUID
    eval_set_item_id: str
    eval_set_item_name: str
    evaluator_name: str
    evaluator_type: EvaluatorType
    status: ResultStatus
    score: float | None
    per_invocation_scores: list[float | None]
    trace_id: str | None
    span_id: str | None
    details: dict[str, Any]
    error_text: str | None
    tokens_used: dict[str, Any] | None
    latency_ms: int | None
    created_at: datetime
    attempt: int
    explanation: dict[str, Any]
    error_code: str | None


class Aggregate(Document):
    """What the results of one evaluator come to; ``day`` only when days were asked for.

    ``passRate`` is that of passed and failed results; it and ``avgScore`` are null when
    nothing was judged or measured.
    """

    evaluator_name: str
    count: int
    passed: int
    failed: int
    errored: int
    skipped: int
    pass_rate: float | None
    avg_score: float | None
    day: date | msgspec.UnsetType = msgspec.UNSET


class Delivery(Document):
    """What one sink of a run was told of one event, or is still to be told."""

    sequence: int
    phase: Literal["partial", "final", "error"]
    sink_index: int
    sink_kind: str
    run_attempt: int
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    last_error: str | None
    next_try_at: datetime | None
    created_at: datetime
    settled_at: datetime | None


OWN_FILTERS = (
    Parameter(name="status", kind=list[ResultStatus], says="That count as this."),
    Parameter(name="metric", kind=list[str], says="Of this evaluator."),
    Parameter(
        name="evaluatorType",
        kind=list[EvaluatorType],
        says="Of this kind of evaluator.",
    ),
    Parameter(name="traceId", kind=list[str], says="Of this trace."),
    Parameter(name="itemId", kind=list[str], says="Of this item of the eval set."),
    Parameter(name="errorCode", kind=list[str], says="With this error."),
    Parameter(name="createdAfter", kind=datetime, says="Found then or later."),
    Parameter(name="createdBefore", kind=datetime, says="Found before then."),
    Parameter(name="minScore", kind=float, says="With at least this score."),
    Parameter(name="maxScore", kind=float, says="With at most this score."),
)
FILTERS = (
    *OWN_FILTERS,
    Parameter(name="runId", kind=list[UUID], says="Of this run."),
    Parameter(name="evalSetId", kind=list[str], says="Of runs with this eval set."),
    Parameter(
        name="agent",
        kind=list[str],
        says="Of runs in whose traces this agent was seen.",
    ),
)
LABELS = "`label.KEY=VALUE` asks for a label of the run."

OPERATIONS = (
    Operation(
        method="get",
        path="/api/runs/{run_id}/results",
        name="listResults",
        tag=TAG,
        summary="List the results of a run, oldest first",
        says="All of them, unless there is a `limit`.",
        parameters=(RUN_ID, *OWN_FILTERS, LIMIT, CURSOR),
        answers={
            200: Answer(
                says="Its results.",
                kind=list[Result],
                beside={"nextCursor": str | None},
            )
        },
        problems=(404, 422, 503),
    ),
    Operation(
        method="get",
        path="/api/runs/{run_id}/export",
        name="exportRun",
        tag=TAG,
        summary="Read the results of a run as a file",
        says="`json` is the document of `agentevals run -o json`, which "
        "`agentevals compare` reads; `junit` is for CI servers.",
        parameters=(
            RUN_ID,
            Parameter(
                name="format",
                kind=Literal["json", "ndjson", "csv", "junit"],
                says="The format; `json` when not given.",
            ),
        ),
        answers={
            200: Answer(
                says="The file.",
                bodies=(
                    Body(kind=dict[str, Any]),
                    Body(media="application/x-ndjson"),
                    Body(media="text/csv; charset=utf-8"),
                    Body(media="application/xml"),
                ),
            )
        },
        problems=(404, 422, 503),
    ),
    Operation(
        method="get",
        path="/api/results",
        name="searchResults",
        tag=TAG,
        summary="List the results of all runs, newest first",
        says=LABELS,
        parameters=(*FILTERS, LIMIT, CURSOR),
        answers={
            200: Answer(
                says="Results, and where the next page begins.",
                kind=list[Result],
                beside={"nextCursor": str | None},
            )
        },
        problems=(422, 503),
    ),
    Operation(
        method="get",
        path="/api/results/aggregate",
        name="aggregateResults",
        tag=TAG,
        summary="Sum results up by evaluator, or by evaluator and day",
        says=LABELS,
        parameters=(
            *FILTERS,
            Parameter(
                name="groupBy",
                kind=Literal["evaluator", "day"],
                says="`day` for a row a day (UTC) of each evaluator.",
            ),
        ),
        answers={200: Answer(says="A row an evaluator.", kind=list[Aggregate])},
        problems=(422, 503),
    ),
    Operation(
        method="get",
        path="/api/runs/{run_id}/deliveries",
        name="listDeliveries",
        tag=TAG,
        summary="List what the sinks of a run were told",
        parameters=(RUN_ID,),
        answers={200: Answer(says="In the order of its events.", kind=list[Delivery])},
        problems=(404, 422, 503),
    ),
)
