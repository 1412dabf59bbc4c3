"""The operations on what was found."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from agentevals_site.openapi.operation import RUN_ID, Answer, Document, Operation

TAG = "results"


class Result(Document):
    """What one evaluator said about one trace.

    ``perInvocationScores`` has one entry a turn, null where nothing was measured.
    """

    result_id: str
    run_id: UUID
    eval_set_item_id: str
    eval_set_item_name: str
    evaluator_name: str
    evaluator_type: Literal["builtin", "code", "remote", "openai_eval"]
    status: Literal["passed", "failed", "errored", "skipped"]
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


OPERATIONS = (
    Operation(
        method="get",
        path="/api/runs/{run_id}/results",
        name="listResults",
        tag=TAG,
        summary="List the results of a run, oldest first",
        parameters=(RUN_ID,),
        answers={200: Answer(says="Its results.", kind=list[Result])},
        problems=(404, 422, 503),
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
