"""Turns and what happened in them, whichever framework recorded it."""

from __future__ import annotations

from evaluation.values import JSON, JSONObject, Value

NANOSECONDS_PER_SECOND = 1_000_000_000


class Content(Value, frozen=True, kw_only=True):
    """A message: a role and parts in Google GenAI's shape.

    Each part is an object with one of ``text``, ``function_call`` or
    ``function_response``.
    """

    role: str = ""
    parts: tuple[JSONObject, ...] = ()

    @classmethod
    def of_text(cls, text: str, *, role: str) -> Content:
        """Make a message of one text part."""
        return cls(role=role, parts=({"text": text},))

    def text(self, separator: str = "\n") -> str:
        """Join the non-empty text parts; empty when there are none."""
        texts = (part.get("text") for part in self.parts)
        return separator.join(t for t in texts if isinstance(t, str) and t)


class ToolCall(Value, frozen=True, kw_only=True):
    """One execution (or request) of a tool.

    ``args`` and ``response`` are None when the trace did not capture them: unknown, not
    empty. ``error`` is the failure's text (possibly empty), None if it did not fail.
    ``agent`` names the sub-agent that made the call, None for the turn's own agent.
    Times are nanoseconds since the epoch.
    """

    name: str
    args: JSONObject | None = None
    call_id: str | None = None
    span_id: str | None = None
    response: JSONObject | None = None
    error: str | None = None
    agent: str | None = None
    started_ns: int | None = None
    ended_ns: int | None = None


class Usage(Value, frozen=True, kw_only=True):
    """Tokens that model calls used; None where nobody counted.

    ``output`` includes ``thought`` tokens; ``cache_read`` and ``cache_creation`` are
    parts of ``input``.
    """

    input: int | None = None
    output: int | None = None
    thought: int | None = None
    cache_read: int | None = None
    cache_creation: int | None = None


class ModelCall(Value, frozen=True, kw_only=True):
    """One logical call of a language model: wrapper and provider span are one."""

    span_id: str
    request_model: str | None = None
    response_model: str | None = None
    provider: str | None = None
    usage: Usage = Usage()
    started_ns: int | None = None
    ended_ns: int | None = None
    error: str | None = None
    finish_reasons: tuple[str, ...] = ()


class Gap(Value, frozen=True, kw_only=True):
    """Something a turn should tell and does not; ``code`` is stable.

    ``message`` is the sentence that people see among the conversion warnings.
    """

    code: str
    message: str
    span_id: str | None = None


class Invocation(Value, frozen=True, kw_only=True):
    """One turn: a user message to the outermost agent, and what came of it.

    None means not captured. Tool calls come in time order and include those of
    sub-agents.
    """

    invocation_id: str
    user_content: Content | None = None
    final_response: Content | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    model_calls: tuple[ModelCall, ...] = ()
    agent_name: str | None = None
    nested_agents: tuple[str, ...] = ()
    span_id: str | None = None
    started_ns: int | None = None
    ended_ns: int | None = None
    error: str | None = None
    case_id: str | None = None
    conversation_id: str | None = None
    gaps: tuple[Gap, ...] = ()


class Metadata(Value, frozen=True, kw_only=True):
    """What a list of traces shows of one; ``start_time`` is in microseconds."""

    agent_name: str | None = None
    agent_id: str | None = None
    model: str | None = None
    response_model: str | None = None
    provider: str | None = None
    start_time: int | None = None
    user_input_preview: str | None = None
    final_output_preview: str | None = None


class Conversation(Value, frozen=True, kw_only=True):
    """All turns of one trace, in time order.

    ``warnings`` is what people see: problems of the trace and gaps of the turns as
    sentences. ``performance`` is the contract's per-trace block (snake_case; latencies
    in milliseconds, tokens as counts).
    """

    trace_id: str
    invocations: tuple[Invocation, ...] = ()
    warnings: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    performance: JSONObject | None = None
    metadata: Metadata = Metadata()


def to_contract(invocation: Invocation) -> JSONObject:
    """Render a turn in the contract's (ADK's) snake_case shape, without null keys.

    Args:
        invocation: the turn.

    Returns:
        ``invocation_id``, ``user_content``, ``final_response``, ``intermediate_data``
        (``tool_uses``, ``tool_responses``, ``intermediate_responses``) and
        ``creation_timestamp`` in seconds; keys whose value is unknown are left out,
        except that a call's unknown ``args`` are an empty object, as the contract asks.
    """
    document: JSONObject = {"invocation_id": invocation.invocation_id}
    for key, content in (
        ("user_content", invocation.user_content),
        ("final_response", invocation.final_response),
    ):
        if content is not None:
            document[key] = {"parts": list(content.parts), "role": content.role}
    document["intermediate_data"] = {
        "tool_uses": [_tool_use(call) for call in invocation.tool_calls],
        "tool_responses": [
            _without_nulls(id=call.call_id, name=call.name, response=call.response)
            for call in invocation.tool_calls
            if call.response is not None
        ],
        "intermediate_responses": [],
    }
    if invocation.started_ns is not None:
        microseconds = invocation.started_ns // 1_000
        document["creation_timestamp"] = microseconds / 1_000_000
    return document


def _tool_use(call: ToolCall) -> JSONObject:
    return _without_nulls(id=call.call_id, args=call.args or {}, name=call.name)


def _without_nulls(**items: JSON) -> JSONObject:
    return {key: value for key, value in items.items() if value is not None}
