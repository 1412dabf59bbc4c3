"""Running evaluators over conversations, one unit of work at a time.

A unit is one evaluator on one trace. Whatever goes wrong in it becomes its errored
result and nothing else's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Sequence

import msgspec

from evaluation.config.model import EvaluationConfig, EvaluatorSpec
from evaluation.conversation.model import Conversation
from evaluation.errors import EvaluationError
from evaluation.eval_sets.model import CaseSelection, EvalSet
from evaluation.eval_sets.selection import select_case
from evaluation.metrics.metric import Lack, Metric
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.registry import METRICS
from evaluation.outcome import EvalStatus, MetricResult, RunResult, TraceResult
from evaluation.values import JSONObject

ALL_METRICS = "(all)"
SHOWN_TRACE_ID_CHARACTERS = 12

OnResult = Callable[[TraceResult, MetricResult], None]
OnProgress = Callable[[str], None]
Clock = Callable[[], float]


def evaluate(
    conversations: Sequence[Conversation],
    *,
    eval_set: EvalSet | None,
    config: EvaluationConfig,
    now: Clock,
    done: Container[tuple[str, str]] = (),
    on_result: OnResult | None = None,
    on_progress: OnProgress | None = None,
) -> RunResult:
    """Evaluate conversations in order, and each one's evaluators in requested order.

    Args:
        conversations: one a trace; two with the same trace id stay two.
        eval_set: golden data; without it metrics that need some end in an error.
        config: the evaluators.
        now: a monotonic clock in seconds.
        done: units (trace id, evaluator name) to skip, because their results are known.
        on_result: called after each unit with the trace's results so far and the new
            one; both never change afterwards.
        on_progress: called with a sentence for people before each step.
    """
    if not conversations:
        return RunResult(errors=["No traces loaded."])
    tell = on_progress or _ignore
    total = len(conversations)
    tell(f"Evaluating {total} trace{'' if total == 1 else 's'}...")
    results = []
    for i, conversation in enumerate(conversations, start=1):
        tell(f"Trace {i}/{total}: {_short(conversation.trace_id)}")
        trace = _Trace(conversation, eval_set, config, now)
        results.append(trace.evaluate(done, on_result or _ignore_result, tell))
    tell("Evaluation complete")
    return RunResult(
        trace_results=results, performance_metrics=_aggregate(conversations)
    )


def _ignore(message: str) -> None:
    pass


def _ignore_result(trace: TraceResult, result: MetricResult) -> None:
    pass


def _short(trace_id: str) -> str:
    if len(trace_id) <= SHOWN_TRACE_ID_CHARACTERS:
        return trace_id
    return trace_id[:SHOWN_TRACE_ID_CHARACTERS] + "..."


def _aggregate(conversations: Sequence[Conversation]) -> JSONObject | None:
    if not any(conversation.performance for conversation in conversations):
        return None
    # Late: its tests do not need it, and nothing else of the engine does.
    from evaluation.conversation.performance import aggregate

    return aggregate(conversations)


class _Trace:
    """The units of one trace."""

    def __init__(
        self,
        conversation: Conversation,
        eval_set: EvalSet | None,
        config: EvaluationConfig,
        now: Clock,
    ) -> None:
        self.conversation = conversation
        self.specs = config.evaluators
        self.now = now
        self.selection = select_case(
            eval_set,
            conversation.invocations,
            fall_back_to_first=config.case_fallback == "first",
        )

    def evaluate(
        self, done: Container[tuple[str, str]], on_result: OnResult, tell: OnProgress
    ) -> TraceResult:
        """Work through the units that are not done."""
        so_far = self._trace_result()
        for result in self._results(done, tell):
            so_far = msgspec.structs.replace(
                so_far, metric_results=[*so_far.metric_results, result]
            )
            on_result(so_far, result)
        return so_far

    def _trace_result(self) -> TraceResult:
        case = self.selection.case
        return TraceResult(
            trace_id=self.conversation.trace_id,
            num_invocations=len(self.conversation.invocations),
            conversion_warnings=list(self.conversation.warnings),
            performance_metrics=self.conversation.performance,
            agent_name=self.conversation.metadata.agent_name,
            eval_case_id=case.case_id if case else None,
            eval_case_match=self.selection.how,
        )

    def _results(
        self, done: Container[tuple[str, str]], tell: OnProgress
    ) -> Iterator[MetricResult]:
        trace_id = self.conversation.trace_id
        if not self.conversation.invocations:
            if (trace_id, ALL_METRICS) not in done:
                yield MetricResult(
                    metric_name=ALL_METRICS,
                    error="No invocations extracted from trace.",
                    error_code="no_invocations",
                )
            return
        for spec in self.specs:
            if (trace_id, spec.name) not in done:
                tell(f"Running {spec.name}...")
                yield self._timed(spec)

    def _timed(self, spec: EvaluatorSpec) -> MetricResult:
        started = self.now()
        result = self._guarded(spec)
        elapsed_ms = (self.now() - started) * 1_000
        return msgspec.structs.replace(
            result, duration_ms=elapsed_ms, evaluator_type=spec.type
        )

    def _guarded(self, spec: EvaluatorSpec) -> MetricResult:
        try:
            return self._measured(spec)
        except EvaluationError as error:
            return self._errored(spec, error.code, str(error))
        except Exception as error:  # noqa: BLE001 -- a fault in one metric costs only its result
            text = f"{type(error).__name__}: {error}"
            return self._errored(spec, "metric_failed", text)

    def _measured(self, spec: EvaluatorSpec) -> MetricResult:
        if spec.type != "builtin":
            return self._errored(
                spec,
                "unsupported_evaluator",
                f"Evaluator '{spec.name}' is of type '{spec.type}', "
                "which cannot be evaluated here yet.",
            )
        metric = METRICS.get(spec.metric)
        if metric is None:
            return self._errored(
                spec, "unknown_metric", f"{spec.metric} not found in registry."
            )
        if metric.requires_eval_set and self.selection.turns is None:
            return self._without_case(spec)
        if metric.lack:
            return self._lacking(spec, metric, metric.lack)
        measured = metric.load()(
            Task(
                conversation=self.conversation,
                expected=self.selection.turns,
                options=spec.options,
            )
        )
        _refuse_no_number(spec.name, measured)
        return self._judged(spec, metric, measured)

    def _without_case(self, spec: EvaluatorSpec) -> MetricResult:
        text = (
            f"Metric '{spec.name}' requires expected invocations (golden eval set), "
            "but none were provided or matched."
        )
        if self.selection.message:
            text = f"{text} {self.selection.message}"
        return self._errored(spec, self.selection.reason or "no_eval_set", text)

    def _lacking(self, spec: EvaluatorSpec, metric: Metric, lack: Lack) -> MetricResult:
        if metric.requires_rubrics and not self._has_rubrics(spec):
            return self._errored(spec, "rubrics_required", "Rubrics are required.")
        return self._errored(spec, lack.code, lack.text.format(name=spec.name))

    def _has_rubrics(self, spec: EvaluatorSpec) -> bool:
        case = self.selection.case
        turns = self.selection.turns or ()
        return bool(
            spec.options.get("rubrics")
            or (case and case.rubrics)
            or any(turn.rubrics for turn in turns)
        )

    def _errored(self, spec: EvaluatorSpec, code: str, text: str) -> MetricResult:
        return MetricResult(
            metric_name=spec.name,
            # An exception without a text must not look like a result without an error.
            error=text or code,
            error_code=code,
            explanation=self._explain(spec, None),
        )

    def _judged(
        self, spec: EvaluatorSpec, metric: Metric, measured: Measurement
    ) -> MetricResult:
        bound = _bound(spec, metric)
        return MetricResult(
            metric_name=spec.name,
            score=measured.score,
            eval_status=_status(measured.score, bound, metric),
            per_invocation_scores=measured.per_invocation,
            details=measured.details,
            explanation={**self._explain(spec, bound), **measured.explanation},
        )

    def _explain(self, spec: EvaluatorSpec, bound: float | None) -> JSONObject:
        return {"threshold": bound, **_explain_case(self.selection)} | (
            {"options": spec.options} if spec.options else {}
        )


def _explain_case(selection: CaseSelection) -> JSONObject:
    return {
        "case_id": selection.case.case_id if selection.case else None,
        "case_match": selection.how,
        "case_reason": selection.reason,
    }


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


class InvalidScoreError(EvaluationError):
    """A metric gave a number that is none."""

    code = "invalid_score"
