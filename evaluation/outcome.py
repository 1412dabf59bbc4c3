"""What an evaluation found, in the contract's shapes and with our explanations."""

from __future__ import annotations

from typing import Literal

from evaluation.values import JSONObject, Value

EvalStatus = Literal["PASSED", "FAILED", "NOT_EVALUATED"]
# What a result counts as: an error is never a pass, a fail or a skip.
ResultStatus = Literal["passed", "failed", "errored", "skipped"]
Verdict = Literal["passed", "failed", "errored", "not_evaluated"]


class MetricResult(Value, frozen=True, kw_only=True):
    """What one evaluator said about one trace.

    ``score`` is on the metric's own scale, None when nothing was measured.
    ``per_invocation_scores`` has one entry a turn, None where not measured. ``details``
    is the contract's blob; ``explanation`` is ours: threshold, case and why it was
    chosen, aligned turns, first difference. ``duration_ms`` is wall time. ``error`` is
    for people, ``error_code`` for programs.
    """

    metric_name: str
    score: float | None = None
    eval_status: EvalStatus = "NOT_EVALUATED"
    per_invocation_scores: list[float | None] = []
    error: str | None = None
    details: JSONObject | None = None
    duration_ms: float | None = None
    evaluator_type: str = "builtin"
    error_code: str | None = None
    explanation: JSONObject | None = None
    tokens_used: JSONObject | None = None

    @property
    def status(self) -> ResultStatus:
        """Classify for counting: an error wins over any status."""
        if self.error:
            return "errored"
        if self.eval_status == "PASSED":
            return "passed"
        return "failed" if self.eval_status == "FAILED" else "skipped"


class TraceResult(Value, frozen=True, kw_only=True):
    """Everything found about one trace; ``metric_results`` in requested order."""

    trace_id: str
    num_invocations: int = 0
    metric_results: list[MetricResult] = []
    conversion_warnings: list[str] = []
    performance_metrics: JSONObject | None = None
    agent_name: str | None = None
    eval_case_id: str | None = None
    eval_case_match: str | None = None


class RunResult(Value, frozen=True, kw_only=True):
    """Everything found about all traces of one evaluation.

    ``eval_set_digest`` tells one eval set from another; None without one.
    """

    trace_results: list[TraceResult] = []
    errors: list[str] = []
    performance_metrics: JSONObject | None = None
    eval_set_digest: str | None = None
