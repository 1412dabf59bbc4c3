"""What a turn should tell and does not, in the words that clients look for."""

from __future__ import annotations

from collections.abc import Iterator

from evaluation.conversation.model import Content, Gap
from evaluation.conversation.said import user_message
from evaluation.conversation.tools import has_arguments
from evaluation.conversation.tree import Forest
from evaluation.conversation.turns import Turn


def no_turns(forest: Forest) -> Gap:
    """Say that a trace has no turn at all."""
    by_adk = forest.is_adk or not (forest.models or forest.tools or forest.agent_count)
    kind = "invoke_agent" if by_adk else "GenAI invocation"
    trace_id = forest.trace.trace_id
    return Gap(code="no_turns", message=f"Trace {trace_id}: no {kind} spans found")


class Evidence:
    """What is known of a turn, and whether that makes it one.

    A turn is a user message and its answer. Where nothing was captured of either, it is
    still a turn when work is seen: tools, tokens, or the error that ended it. Where
    messages were captured and none is the user's, nobody asked anything.
    """

    def __init__(
        self, turn: Turn, asked: Content | None, answer: Content | None
    ) -> None:
        message = user_message(turn)
        self.turn = turn
        self.asked = asked
        self.answer = answer
        self.is_garbled = asked is None and message is not None and message.garbled
        self.has_work = bool(turn.tool_calls()) or turn.error() is not None
        self.is_silent = not turn.models
        self.has_tokens = any(
            run.usage.input or run.usage.output for run in turn.models
        )

    def is_turn(self) -> bool:
        """Tell whether the candidate is a turn."""
        if self.has_work:
            return True
        if self.asked is None:
            return self.is_garbled or (self.answer is None and self.has_tokens)
        return self.answer is not None or not (self.turn.is_adk or self.is_silent)

    def gaps(self, trace_id: str) -> Iterator[Gap]:
        """Say what is missing, the most general first."""
        turn = self.turn
        if turn.is_plain and not _has_content(turn):
            yield Gap(
                code="message_content_missing",
                message=f"Trace {trace_id}: GenAI LLM spans found but missing message "
                "content: the texts were not captured, or their log records are not "
                "in the export.",
                span_id=turn.anchor.span_id,
            )
        cause = self._cause()
        if cause:
            code, text = cause
            yield Gap(
                code=code,
                message=f"{self._opening(trace_id)}: {text}",
                span_id=turn.anchor.span_id,
            )
        unknown = {c.span_id for c in turn.tool_calls() if c.args is None}
        for run in turn.tools:
            if run.span.span_id in unknown and has_arguments(run):
                span_id = run.span.span_id
                yield Gap(
                    code="tool_arguments_unreadable",
                    message=f"Trace {trace_id}: the arguments of tool "
                    f"{run.view.tool_name!r} at span {span_id} are no object",
                    span_id=span_id,
                )

    def _cause(self) -> tuple[str, str] | None:
        turn = self.turn
        span_id = turn.anchor.span_id
        call = turn.speaking[0] if turn.speaking else None
        call = call or (turn.models[0] if turn.models else None)
        if self.asked is None:
            if call is None:
                return "model_calls_missing", _NO_CALLS[turn.is_adk].format(span_id)
            code = "user_content_unreadable" if self.is_garbled else _NO_USER
            return code, _NO_QUESTION[turn.is_adk].format(call.view.span.span_id)
        if self.answer is None:
            last = turn.speaking[-1].view.span if turn.speaking else turn.anchor
            return "final_response_missing", _NO_ANSWER[turn.is_adk].format(
                last.span_id
            )
        return None

    def _opening(self, trace_id: str) -> str:
        span_id = self.turn.anchor.span_id
        if self.is_turn():
            return f"Trace {trace_id}: incomplete turn at span {span_id}"
        if self.turn.is_adk:
            return f"Trace {trace_id}: failed to convert invoke_agent span {span_id}"
        return f"Failed to convert span {span_id}"


_NO_USER = "user_content_missing"

# By whether ADK made the turn: clients match on these fragments.
_NO_CALLS = {
    True: "invoke_agent span {} has no child call_llm spans",
    False: "Invocation span {} has no LLM call spans",
}
_NO_QUESTION = {
    True: "call_llm span {}: no user content found in llm_request",
    False: "LLM span {}: no user message found (checked gen_ai.input.messages and ADK "
    "llm_request)",
}
_NO_ANSWER = {
    True: "call_llm span {}: no content in llm_response",
    False: "LLM span {}: no answer in the output messages",
}


def _has_content(turn: Turn) -> bool:
    said = (run.view.input or run.view.output for run in turn.agents)
    return any(run.has_content for run in turn.models) or any(said)
