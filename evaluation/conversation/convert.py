"""Spans to turns: the one way in."""

from __future__ import annotations

from evaluation.conversation.broadcast import broadcast_turns, without_repeats
from evaluation.conversation.gaps import Evidence, no_turns
from evaluation.conversation.grouping import find_turns
from evaluation.conversation.metadata import metadata_of
from evaluation.conversation.model import (
    Conversation,
    Gap,
    Invocation,
    ModelCall,
)
from evaluation.conversation.performance import performance_of
from evaluation.conversation.said import final_response, user_content
from evaluation.conversation.tree import Forest, ModelRun
from evaluation.conversation.turns import Turn
from evaluation.traces.model import Trace


def convert(trace: Trace) -> Conversation:
    """Read the turns of a trace.

    The dialect is found span by span from its attributes, so a trace may mix them.

    Args:
        trace: the spans of one trace.

    Returns:
        Its turns in time order. What was not captured is None, and said in ``gaps``
        (with stable codes) and ``warnings`` (as sentences). Nothing in a trace raises.
    """
    forest = Forest(trace)
    candidates = find_turns(forest)
    turns = broadcast_turns(candidates)
    own = without_repeats(candidates)
    counted = len(own) if turns is None else len(turns)
    gaps: list[Gap] = [] if candidates else [no_turns(forest)]
    if turns is None:
        read = [_read(candidate, trace, gaps) for candidate in own]
        turns = [turn for turn in read if turn is not None]
    problems = (str(problem) for problem in trace.problems)
    return Conversation(
        trace_id=trace.trace_id,
        invocations=tuple(turns),
        warnings=(*problems, *(gap.message for gap in gaps)),
        gaps=tuple(gaps),
        performance=performance_of(forest, candidates, invocations=counted),
        metadata=metadata_of(forest, candidates),
    )


def _read(turn: Turn, trace: Trace, gaps: list[Gap]) -> Invocation | None:
    """Read one turn, None when it is none; what is missing goes to ``gaps``."""
    evidence = Evidence(turn, user_content(turn), final_response(turn))
    found = tuple(evidence.gaps(trace.trace_id))
    gaps += found
    if not evidence.is_turn():
        return None
    own = turn.own_agent
    nested = (run.name() for run in turn.agents if run.is_agent and run is not own)
    return Invocation(
        invocation_id=_invocation_id(turn),
        user_content=evidence.asked,
        final_response=evidence.answer,
        tool_calls=turn.tool_calls(),
        model_calls=tuple(_model_call(run) for run in turn.models),
        agent_name=turn.agent_name(),
        nested_agents=tuple(dict.fromkeys(name for name in nested if name)),
        span_id=turn.anchor.span_id,
        started_ns=turn.anchor.start_ns,
        ended_ns=turn.anchor.end_ns,
        error=turn.error(),
        case_id=turn.case_id(),
        conversation_id=turn.conversation_id(),
        gaps=found,
    )


def _invocation_id(turn: Turn) -> str:
    if not turn.is_adk:
        return f"genai-{turn.anchor.span_id}"
    owner = turn.owner
    own_id = owner.view.invocation_id if owner else None
    return own_id or turn.anchor.span_id


def _model_call(run: ModelRun) -> ModelCall:
    span = run.span
    return ModelCall(
        span_id=span.span_id,
        request_model=run.request_model,
        response_model=run.response_model,
        provider=run.provider,
        usage=run.usage,
        started_ns=span.start_ns,
        ended_ns=span.end_ns,
        error=run.error,
        finish_reasons=run.finish_reasons,
    )
