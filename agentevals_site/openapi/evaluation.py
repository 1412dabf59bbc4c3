"""The operations that a client waits for: evaluating and converting at once."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from agentevals_site.openapi.operation import Answer, Body, Document, File, Operation

TAG = "evaluation"
STREAM = "text/event-stream"
EVENTS = """event: performance_metrics
data: {"traceId": "6f1c…", "performanceMetrics": {}, "traceMetadata": {}}

data: {"message": "Running tool_trajectory_avg_score..."}

data: {"traceProgress": {"traceId": "6f1c…", "partialResult": {}}}

data: {"done": true, "result": {}}

"""


class EvaluationForm(Document, rename=None):
    """A form with traces; ``config`` is a JSON object."""

    trace_files: list[File]
    config: str
    eval_set_file: File | None = None


class EvaluationBody(Document):
    """A trace export of any format, and what to evaluate of it."""

    traces: dict[str, Any]
    config: dict[str, Any] = {}
    eval_set: dict[str, Any] | None = None


class MetricResult(Document):
    """What one evaluator said about one trace."""

    metric_name: str
    score: float | None
    eval_status: Literal["PASSED", "FAILED", "NOT_EVALUATED"]
    per_invocation_scores: list[float | None]
    error: str | None
    details: dict[str, Any] | None
    duration_ms: float | None
    evaluator_type: str
    error_code: str | None
    explanation: dict[str, Any] | None
    tokens_used: dict[str, Any] | None


class TraceResult(Document):
    """Everything found about one trace."""

    trace_id: str
    num_invocations: int
    metric_results: list[MetricResult]
    conversion_warnings: list[str]
    performance_metrics: dict[str, Any] | None
    agent_name: str | None
    eval_case_id: str | None
    eval_case_match: str | None


class RunResult(Document):
    """Everything found; ``runId`` is null without storage."""

    trace_results: list[TraceResult]
    errors: list[str]
    performance_metrics: dict[str, Any] | None
    run_id: UUID | None


class ConversionForm(Document, rename=None):
    """A form with traces; ``trace_format`` forces a format on all of them."""

    trace_files: list[File]
    trace_format: str | None = None


class ConvertedTrace(Document):
    """A trace as turns, in the shape of eval sets."""

    trace_id: str
    invocations: list[dict[str, Any]]
    warnings: list[str]
    metadata: dict[str, Any]


class Conversion(Document):
    """The traces of all files; ``warnings`` tells of files that could not be read."""

    traces: list[ConvertedTrace]
    warnings: list[str]


EXAMPLE: dict[str, Any] = {
    "traceResults": [],
    "errors": [],
    "performanceMetrics": None,
    "runId": None,
}
RESULT = Answer(says="What was found.", kind=RunResult, example=EXAMPLE)
STEPS = Answer(
    says="Every step; the last event holds the result, or an error.",
    bodies=(Body(media=STREAM, example=EVENTS),),
)
FORM = Body(kind=EvaluationForm, media="multipart/form-data")
BODY = Body(kind=EvaluationBody)
PROBLEMS = (400, 409, 503, 504)

OPERATIONS = (
    Operation(
        method="post",
        path="/api/evaluate",
        name="evaluate",
        tag=TAG,
        summary="Evaluate uploaded traces and wait for the result",
        bodies=(FORM,),
        answers={200: RESULT},
        problems=PROBLEMS,
        is_view=False,
    ),
    Operation(
        method="post",
        path="/api/evaluate/json",
        name="evaluateJson",
        tag=TAG,
        summary="Evaluate a trace export in the body and wait for the result",
        bodies=(BODY,),
        answers={200: RESULT},
        problems=PROBLEMS,
        is_view=False,
    ),
    Operation(
        method="post",
        path="/api/evaluate/stream",
        name="evaluateStream",
        tag=TAG,
        summary="Evaluate uploaded traces and follow every step",
        bodies=(FORM,),
        answers={200: STEPS},
        problems=(400,),
        is_view=False,
    ),
    Operation(
        method="post",
        path="/api/evaluate/json/stream",
        name="evaluateJsonStream",
        tag=TAG,
        summary="Evaluate a trace export in the body and follow every step",
        bodies=(BODY,),
        answers={200: STEPS},
        is_view=False,
    ),
    Operation(
        method="post",
        path="/api/convert",
        name="convert",
        tag=TAG,
        summary="Show the turns of uploaded traces",
        bodies=(Body(kind=ConversionForm, media="multipart/form-data"),),
        answers={200: Answer(says="Their turns.", kind=Conversion)},
        problems=(400, 503, 504),
        is_view=False,
    ),
)
