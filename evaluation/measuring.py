"""One unit of work: one evaluator on one trace becomes one result, whatever happens."""

from __future__ import annotations

import math

import msgspec

from evaluation.capabilities import NONE, Capabilities
from evaluation.config.model import EvaluatorSpec
from evaluation.conversation.model import Conversation
from evaluation.errors import EvaluationError
from evaluation.eval_sets.model import CaseSelection
from evaluation.metrics.metric import Lack, Metric
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.registry import METRICS
from evaluation.outcome import EvalStatus, MetricResult
from evaluation.values import JSONObject


class InvalidScoreError(EvaluationError):
    """A metric gave a number that is none."""

    code = "invalid_score"


class UnknownMetricError(EvaluationError):
    """The metric is not in the registry."""

    code = "unknown_metric"


async def measure_unit(
    spec: EvaluatorSpec,
    conversation: Conversation,
    selection: CaseSelection,
    capabilities: Capabilities = NONE,
) -> MetricResult:
    """Run one evaluator on one trace; only those that ask a judge wait for anything.

    Returns:
        A result with a status, or an errored one: what is missing or went wrong is its
        ``error`` and ``error_code``. ``duration_ms`` is for the caller to fill in.
    """
    unit = _Unit(spec, conversation, selection, capabilities)
    try:
        result = await unit.result()
    except EvaluationError as error:
        result = unit.errored(error.code, str(error))
    except Exception as error:  # noqa: BLE001 -- a fault in one metric costs only its result
        result = unit.errored("metric_failed", f"{type(error).__name__}: {error}")
    return msgspec.structs.replace(result, evaluator_type=spec.type)


class _Unit:
    """The steps from an evaluator and a trace to a result."""

    def __init__(
        self,
        spec: EvaluatorSpec,
        conversation: Conversation,
        selection: CaseSelection,
        capabilities: Capabilities,
    ) -> None:
        self.spec = spec
        self.conversation = conversation
        self.selection = selection
        self.capabilities = capabilities

    async def result(self) -> MetricResult:
        """Check what the metric needs, in the contract's order, and measure."""
        if self.spec.type != "builtin":
            return self._custom()
        metric = self._metric()
        if metric.requires_eval_set and self.selection.turns is None:
            return self._without_case()
        if metric.requires_rubrics and not self._has_rubrics():
            return self.errored("rubrics_required", "Rubrics are required.")
        if metric.lack and not (metric.requires_llm and self.capabilities.judge):
            return self._lacking(metric.lack)
        measured = metric.load()(self._task())
        if not isinstance(measured, Measurement):
            measured = await measured
        return self._judged(metric, measured)

    def errored(self, code: str, text: str) -> MetricResult:
        """Make the result of a unit that could not be carried out."""
        return MetricResult(
            metric_name=self.spec.name,
            # An exception without a text must not look like a result without an error.
            error=text or code,
            error_code=code,
            explanation=self._explain(None),
        )

    def _custom(self) -> MetricResult:
        from evaluation.evaluators.custom import SCALE, measure_custom  # late: start-up

        measured = measure_custom(self.spec, self._task(), self.capabilities)
        return self._judged(SCALE, measured)

    def _task(self) -> Task:
        return Task(
            conversation=self.conversation,
            expected=self.selection.turns,
            options=self.spec.options,
            case=self.selection.case,
        )

    def _metric(self) -> Metric:
        spec = self.spec
        if spec.metric not in METRICS:
            raise UnknownMetricError(f"{spec.metric} not found in registry.")
        return METRICS[spec.metric]

    def _without_case(self) -> MetricResult:
        text = (
            f"Metric '{self.spec.name}' requires expected invocations "
            "(golden eval set), but none were provided or matched."
        )
        if self.selection.message:
            text = f"{text} {self.selection.message}"
        return self.errored(self.selection.reason or "no_eval_set", text)

    def _lacking(self, lack: Lack) -> MetricResult:
        return self.errored(lack.code, lack.text.format(name=self.spec.name))

    def _has_rubrics(self) -> bool:
        case, turns = self.selection.case, self.selection.turns or ()
        return bool(
            self.spec.options.get("rubrics")
            or (case and case.rubrics)
            or any(turn.rubrics for turn in turns)
        )

    def _judged(self, metric: Metric, measured: Measurement) -> MetricResult:
        _refuse_no_number(self.spec.name, measured)
        bound = _bound(self.spec, metric)
        return MetricResult(
            metric_name=self.spec.name,
            score=measured.score,
            eval_status=measured.status or _status(measured.score, bound, metric),
            per_invocation_scores=measured.per_invocation,
            details=measured.details,
            explanation={**self._explain(bound), **measured.explanation},
            error=measured.error,
            error_code=measured.error_code,
            tokens_used=measured.tokens_used,
        )

    def _explain(self, bound: float | None) -> JSONObject:
        case = self.selection.case
        told: JSONObject = {
            "threshold": bound,
            "case_id": case.case_id if case else None,
            "case_match": self.selection.how,
            "case_reason": self.selection.reason,
        }
        if self.spec.options:
            told["options"] = self.spec.options
        if self.spec.metric not in {"", self.spec.name}:
            told["metric"] = self.spec.metric
        return told


def _bound(spec: EvaluatorSpec, metric: Metric) -> float | None:
    """Return the score that decides; None when nothing does."""
    if metric.better == "informational":
        bound: float | None = spec.options.get("max")
        return bound
    return metric.default_threshold if spec.threshold is None else spec.threshold


def _status(score: float | None, bound: float | None, metric: Metric) -> EvalStatus:
    if score is None or bound is None:
        return "NOT_EVALUATED"
    passed = score >= bound if metric.better == "higher" else score <= bound
    return "PASSED" if passed else "FAILED"


def _refuse_no_number(name: str, measured: Measurement) -> None:
    for score in (measured.score, *measured.per_invocation):
        if score is not None and not math.isfinite(score):
            raise InvalidScoreError(f"Metric '{name}' gave {score}, which is no score.")
