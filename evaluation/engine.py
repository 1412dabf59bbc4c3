"""Evaluating conversations: which unit of work comes when, and who hears of it.

A unit is one evaluator on one trace. Results come in the order that was asked for; units
that ask a judge begin before their turn, so that its answers are waited for together.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import closing

import msgspec

from evaluation.capabilities import NONE, Capabilities
from evaluation.config.model import EvaluationConfig, EvaluatorSpec
from evaluation.conversation.model import Conversation
from evaluation.eval_sets.model import CaseSelection, EvalSet
from evaluation.eval_sets.selection import CaseSelector
from evaluation.judging.together import Sitting, Table
from evaluation.measuring import measure_unit
from evaluation.metrics.registry import METRICS
from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.values import JSONObject, Value

ALL_METRICS = "(all)"
SHOWN_TRACE_ID_CHARACTERS = 12
# Turns whose samples are with a judge at the same time, where nobody says otherwise.
ROUNDS_AT_ONCE = 5

OnResult = Callable[[TraceResult, MetricResult], None]
OnProgress = Callable[[str], None]
# Called with the trace and the evaluator that got an answer of a judge.
OnAnswer = Callable[[str, str], None]
Clock = Callable[[], float]


def evaluate(
    conversations: Sequence[Conversation],
    *,
    eval_set: EvalSet | None,
    config: EvaluationConfig,
    now: Clock,
    capabilities: Capabilities = NONE,
    done: Container[tuple[str, str]] = (),
    on_result: OnResult | None = None,
    on_progress: OnProgress | None = None,
    on_answer: OnAnswer | None = None,
) -> RunResult:
    """Evaluate conversations in order, and each one's evaluators in requested order.

    Args:
        conversations: one a trace; two with the same trace id stay two.
        eval_set: golden data; without it metrics that need some end in an error.
        config: the evaluators.
        now: a monotonic clock in seconds.
        capabilities: what evaluators may use of the world outside.
        done: units (trace id, evaluator name) to skip, because their results are known.
        on_result: called after each unit with the trace's results so far and the new
            one; both never change afterwards.
        on_progress: called with a sentence for people before each step.
        on_answer: called with trace id and evaluator after each answer of a judge.
    """
    if not conversations:
        return RunResult(errors=["No traces loaded."])
    tell = on_progress or _ignore
    heard = on_answer or _ignore
    total = len(conversations)
    tell(f"Evaluating {total} trace{'' if total == 1 else 's'}...")
    results = []
    with closing(_Work(eval_set, config, now, capabilities, done, tell, heard)) as work:
        for i, trace in enumerate(work.through(conversations), start=1):
            tell(f"Trace {i}/{total}: {_short(trace.so_far.trace_id)}")
            so_far = trace.so_far
            for result in work.units(trace):
                so_far = msgspec.structs.replace(
                    so_far, metric_results=[*so_far.metric_results, result]
                )
                if on_result:
                    on_result(so_far, result)
            results.append(so_far)
    tell("Evaluation complete")
    return RunResult(
        trace_results=results, performance_metrics=_aggregate(conversations)
    )


def _ignore(*_: str) -> None:
    pass


def _short(trace_id: str) -> str:
    if len(trace_id) <= SHOWN_TRACE_ID_CHARACTERS:
        return trace_id
    return trace_id[:SHOWN_TRACE_ID_CHARACTERS] + "..."


def _aggregate(conversations: Sequence[Conversation]) -> JSONObject | None:
    if not any(conversation.performance for conversation in conversations):
        return None
    from evaluation.conversation.performance import aggregate  # late: start-up time

    return aggregate(conversations)


def _nothing_yet(conversation: Conversation, selection: CaseSelection) -> TraceResult:
    return TraceResult(
        trace_id=conversation.trace_id,
        num_invocations=len(conversation.invocations),
        conversion_warnings=list(conversation.warnings),
        performance_metrics=conversation.performance,
        agent_name=conversation.metadata.agent_name,
        eval_case_id=selection.case.case_id if selection.case else None,
        eval_case_match=selection.how,
    )


class _Trace(Value, frozen=True, kw_only=True):
    """A trace in work, and its units that ask a judge already, by evaluator."""

    conversation: Conversation
    selection: CaseSelection
    so_far: TraceResult
    asking: dict[str, Sitting[MetricResult]]


class _Work:
    """Works through units in order; judges are asked ahead, for several traces at once."""

    def __init__(
        self,
        eval_set: EvalSet | None,
        config: EvaluationConfig,
        now: Clock,
        capabilities: Capabilities,
        done: Container[tuple[str, str]],
        tell: OnProgress,
        heard: OnAnswer,
    ) -> None:
        self._config = config
        self._now = now
        self._capabilities = capabilities
        self._done = done
        self._tell = tell
        self._heard = heard
        self._selector = CaseSelector(
            eval_set, fall_back_to_first=config.case_fallback == "first"
        )
        self._table = Table(
            capabilities.judge,
            at_once=config.max_concurrent_evals or ROUNDS_AT_ONCE,
            limits=config.judge_limits,
        )

    def close(self) -> None:
        """Give up what judges are still asked."""
        self._table.close()

    def through(self, conversations: Sequence[Conversation]) -> Iterator[_Trace]:
        """Begin traces in order, some of them before their turn."""
        begun: deque[_Trace] = deque()
        for conversation in conversations:
            begun.append(self._begin(conversation))
            if len(begun) == self._config.max_concurrent_traces:
                yield begun.popleft()
        yield from begun

    def _begin(self, conversation: Conversation) -> _Trace:
        selection = self._selector.select(conversation.invocations)
        asking = {
            spec.name: self._start(spec, conversation, selection)
            for spec in self._missing(conversation)
            if _asks_judge(spec)
        }
        return _Trace(
            conversation=conversation,
            selection=selection,
            so_far=_nothing_yet(conversation, selection),
            asking=asking,
        )

    def _missing(self, conversation: Conversation) -> Iterator[EvaluatorSpec]:
        """Return the evaluators that have to work on a trace."""
        if conversation.invocations:
            for spec in self._config.evaluators:
                if (conversation.trace_id, spec.name) not in self._done:
                    yield spec

    def units(self, trace: _Trace) -> Iterator[MetricResult]:
        """Work through the units of one trace that are not done."""
        conversation = trace.conversation
        if not conversation.invocations:
            if (conversation.trace_id, ALL_METRICS) not in self._done:
                yield MetricResult(
                    metric_name=ALL_METRICS,
                    error="No invocations extracted from trace.",
                    error_code="no_invocations",
                )
            return
        for spec in self._missing(conversation):
            self._tell(f"Running {spec.name}...")
            sitting = trace.asking.get(spec.name) or self._start(
                spec, conversation, trace.selection
            )
            yield self._table.finish(sitting)

    def _start(
        self, spec: EvaluatorSpec, conversation: Conversation, selection: CaseSelection
    ) -> Sitting[MetricResult]:
        answers = itertools.count(1)

        def hear() -> None:
            self._tell(f"{spec.name}: judge's answer {next(answers)}")
            self._heard(conversation.trace_id, spec.name)

        return self._table.start(self._unit(spec, conversation, selection), hear)

    async def _unit(
        self, spec: EvaluatorSpec, conversation: Conversation, selection: CaseSelection
    ) -> MetricResult:
        started = self._now()
        result = await measure_unit(spec, conversation, selection, self._capabilities)
        took_s = max(0.0, self._now() - started)
        return msgspec.structs.replace(result, duration_ms=took_s * 1_000)


def _asks_judge(spec: EvaluatorSpec) -> bool:
    return spec.metric in METRICS and METRICS[spec.metric].requires_llm
