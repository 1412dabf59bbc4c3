"""Evaluating conversations: which unit of work comes when, and who hears of it.

A unit is one evaluator on one trace. Results come in the order that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence

import msgspec

from evaluation.capabilities import NONE, Capabilities
from evaluation.config.model import EvaluationConfig
from evaluation.conversation.model import Conversation
from evaluation.eval_sets.model import CaseSelection, EvalSet
from evaluation.eval_sets.selection import CaseSelector
from evaluation.judging.telling import telling
from evaluation.measuring import measure_unit
from evaluation.outcome import MetricResult, RunResult, TraceResult
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
    capabilities: Capabilities = NONE,
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
        capabilities: what evaluators may use of the world outside.
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
    selector = CaseSelector(
        eval_set, fall_back_to_first=config.case_fallback == "first"
    )
    results = []
    for i, conversation in enumerate(conversations, start=1):
        tell(f"Trace {i}/{total}: {_short(conversation.trace_id)}")
        selection = selector.select(conversation.invocations)
        so_far = _nothing_yet(conversation, selection)
        for result in _units(
            conversation, selection, config, now, capabilities, done, tell
        ):
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


def _ignore(message: str) -> None:
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


def _units(
    conversation: Conversation,
    selection: CaseSelection,
    config: EvaluationConfig,
    now: Clock,
    capabilities: Capabilities,
    done: Container[tuple[str, str]],
    tell: OnProgress,
) -> Iterator[MetricResult]:
    """Work through the units of one trace that are not done."""
    trace_id = conversation.trace_id
    if not conversation.invocations:
        if (trace_id, ALL_METRICS) not in done:
            yield MetricResult(
                metric_name=ALL_METRICS,
                error="No invocations extracted from trace.",
                error_code="no_invocations",
            )
        return
    for spec in config.evaluators:
        if (trace_id, spec.name) in done:
            continue
        tell(f"Running {spec.name}...")
        started = now()
        means = telling(capabilities, spec.name, tell)
        result = measure_unit(spec, conversation, selection, means)
        yield msgspec.structs.replace(
            result, duration_ms=max(0.0, now() - started) * 1_000
        )
