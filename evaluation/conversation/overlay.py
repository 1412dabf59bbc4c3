"""One normalised view of a span, whichever dialects wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from evaluation.conversation.decoding import MISSING, as_list
from evaluation.conversation.dialect import (
    Attributes,
    Dialect,
    SpanRole,
    first_attribute,
    usage_of,
)
from evaluation.conversation.dialects import (
    adk,
    autogen,
    event_lists,
    genai,
    langfuse,
    mlflow,
    openai_agents,
    openinference,
    pydantic_ai,
    strands,
    traceloop,
    vercel,
)
from evaluation.conversation.messages import USER_ROLES, Messages, text_or_none
from evaluation.conversation.model import Usage
from evaluation.traces.model import Span
from evaluation.values import JSON, Value

# In order of precedence: what an earlier dialect tells is not asked of a later one.
DIALECTS: tuple[Dialect, ...] = (
    adk.ADK,
    genai.GENAI,
    strands.STRANDS,
    event_lists.EVENT_LISTS,
    openinference.OPENINFERENCE,
    vercel.VERCEL,
    langfuse.LANGFUSE,
    mlflow.MLFLOW,
    pydantic_ai.PYDANTIC_AI,
    openai_agents.OPENAI_AGENTS,
    autogen.AUTOGEN,
    traceloop.TRACELOOP,
)

# What a resource may say for all its spans; a span's own attribute always wins.
_INHERITED = (
    "gen_ai.agent.name",
    "gen_ai.agent.id",
    "gen_ai.request.model",
    "gen_ai.provider.name",
    "gen_ai.system",
)


class View(Value, frozen=True, kw_only=True):
    """What a span says. None, or MISSING for a JSON value, means: not captured.

    ``answers`` tells that the output of an agent is its answer in the end, which models
    below it may have said in other words.
    """

    span: Span
    role: SpanRole | None = None
    is_adk: bool = False
    is_embedding: bool = False
    agent_name: str | None = None
    agent_id: str | None = None
    request_model: str | None = None
    response_model: str | None = None
    provider: str | None = None
    usage: Usage = Usage()
    input: Messages | None = None
    output: Messages | None = None
    answers: bool = False
    tool_name: str | None = None
    call_id: str | None = None
    arguments: JSON = MISSING
    result: JSON = MISSING
    error: str | None = None
    finish_reasons: tuple[str, ...] = ()
    invocation_id: str | None = None
    conversation_id: str | None = None


@lru_cache(maxsize=1_000)
def _spoken(names: tuple[str, ...]) -> tuple[Dialect, ...]:
    """Return the dialects that know some of the names; spans of a kind have the same."""
    roots = {name.partition(".")[0] for name in names}
    return tuple(d for d in DIALECTS if not d.roots.isdisjoint(roots))


class Speech:
    """The dialects that a span speaks, and what they say about it."""

    def __init__(self, span: Span) -> None:
        names = tuple(span.attributes)
        if span.events or span.logs:
            names += tuple(event.name for event in span.events)
            names += tuple(log.event_name for log in span.logs)
        self.span = span
        self.dialects = _spoken(names)
        self.attributes = _with_inherited(span)

    def role(self) -> SpanRole | None:
        """Return the first role that a dialect sees."""
        for dialect in self.dialects:
            role = dialect.role(self.span)
            if role:
                return role
        return None

    def text(self, field: str) -> str | None:
        """Return the first text under the names of a field; the empty one counts."""
        for dialect in self.dialects:
            names = dialect.names.get(field)
            value = first_attribute(self.attributes, names) if names else MISSING
            if isinstance(value, str):
                return value
        return None

    def input(self) -> Messages | None:
        """Return the first input that a dialect captured, one with a question if any."""
        first: Messages | None = None
        for dialect in self.dialects:
            messages = dialect.input(self.span)
            if any(message.role in USER_ROLES for message in messages or ()):
                return messages
            first = messages if first is None else first
        return first

    def output(self) -> tuple[Messages | None, Dialect | None]:
        """Return the first output that a dialect captured, and which one did."""
        for dialect in self.dialects:
            messages = dialect.output(self.span)
            if messages is not None:
                return messages, dialect
        return None, None

    def value(self, read: Callable[[Dialect], Callable[[Span], JSON]]) -> JSON:
        """Return the first value that a dialect captured."""
        for dialect in self.dialects:
            value = read(dialect)(self.span)
            if value is not MISSING:
                return value
        return MISSING

    def error(self) -> str | None:
        """Return why the span failed, None when it did not."""
        error = error_of(self.span)
        found = (dialect.error(self.span) for dialect in self.dialects)
        return (
            next((e for e in found if e is not None), None) if error is None else error
        )

    def usage(self) -> Usage:
        """Return tokens: each count from the first dialect that has it."""
        found = Usage()
        for dialect in self.dialects:
            for usage in (
                dialect.usage(self.span),
                usage_of(self.attributes, dialect.names),
            ):
                found = fill_usage(found, usage) if usage else found
        return found


def view(span: Span, *, in_adk_trace: bool = False) -> View:
    """Look at a span through every dialect that it speaks.

    Args:
        span: the span.
        in_adk_trace: whether ADK made some span of the trace; then names count, for
            ADK leaves parts of its tree without a single attribute.

    Returns:
        The view; its role is None for a span that is no agent, model or tool.
    """
    speech = Speech(span)
    by_name = adk.role_by_name(span) if in_adk_trace else None
    role = by_name or speech.role()
    if role is None:
        return _view_other(speech)
    is_adk = bool(by_name) and adk.is_marked(span)
    return _view_tool(speech, is_adk) if role == "tool" else _view(speech, role, is_adk)


def _view_other(speech: Speech) -> View:
    """Look at a span that is no step of its own but may know what was said."""
    if not speech.dialects:
        return View(span=speech.span)
    return View(
        span=speech.span,
        provider=speech.text("provider"),
        request_model=speech.text("request_model"),
        input=speech.input(),
        output=speech.output()[0],
    )


def _view(speech: Speech, role: SpanRole, is_adk: bool) -> View:
    span = speech.span
    request_model = speech.text("request_model")
    output, wrote = speech.output()
    return View(
        span=span,
        role="model" if role == "embedding" else role,
        is_adk=is_adk,
        is_embedding=role == "embedding",
        agent_name=text_or_none(speech.text("agent_name")),
        agent_id=text_or_none(speech.text("agent_id")),
        request_model=adk.request_model(span)
        if request_model is None
        else request_model,
        response_model=speech.text("response_model"),
        provider=speech.text("provider"),
        usage=speech.usage(),
        input=speech.input(),
        output=output,
        answers=role != "model" and wrote is not None and wrote.answers,
        error=speech.error(),
        finish_reasons=_finish_reasons(span.attributes),
        invocation_id=text_or_none(speech.text("invocation_id")),
        conversation_id=text_or_none(speech.text("conversation_id")),
    )


def _view_tool(speech: Speech, is_adk: bool) -> View:
    span = speech.span
    name = text_or_none(speech.text("tool_name")) or _name_in_span_name(span.name)
    call_id = text_or_none(speech.text("call_id"))
    if call_id in (span.span_id, "unknown"):
        call_id = None  # placeholders of instrumentations that know no id
    return View(
        span=span,
        role="tool",
        is_adk=is_adk,
        agent_name=text_or_none(speech.text("agent_name")),
        tool_name=name,
        call_id=call_id or (span.span_id if is_adk else None),
        arguments=speech.value(lambda dialect: dialect.arguments),
        result=speech.value(lambda dialect: dialect.result),
        error=speech.error(),
        conversation_id=text_or_none(speech.text("conversation_id")),
    )


def _name_in_span_name(name: str) -> str | None:
    return text_or_none(name.removeprefix("execute_tool").strip())


def text_anywhere(span: Span, *names: str) -> str | None:
    """Return a text that the span, its scope or its resource carries under a name."""
    for source in (span.attributes, span.scope.attributes, span.resource):
        for name in names:
            value = text_or_none(source.get(name))
            if value is not None:
                return value
    return None


def _with_inherited(span: Span) -> Attributes:
    inherited = [
        (name, source[name])
        for source in (span.resource, span.scope.attributes)
        for name in _INHERITED
        if name in source
    ]
    return {**dict(inherited), **span.attributes} if inherited else span.attributes


def error_of(span: Span) -> str | None:
    """Return why the span failed.

    Returns:
        The status message, else the message of an exception event, else the error
        type; empty when the span only says that it failed, None when it did not fail.
    """
    kind = text_or_none(span.attributes.get("error.type"))
    if span.status != "error" and not kind:
        return None
    return span.status_message or _exception_message(span) or kind or ""


def _exception_message(span: Span) -> str | None:
    for event in span.events:
        message = event.attributes.get("exception.message")
        if isinstance(message, str) and message:
            return message
    return None


def _finish_reasons(attributes: Mapping[str, JSON]) -> tuple[str, ...]:
    value = attributes.get("gen_ai.response.finish_reasons")
    items = as_list(value)
    if items is None:
        return (value,) if isinstance(value, str) and value else ()
    return tuple(item for item in items if isinstance(item, str))


def fill_usage(usage: Usage, other: Usage) -> Usage:
    """Complete the counts that ``usage`` lacks from another reading of one call."""
    return Usage(
        input=other.input if usage.input is None else usage.input,
        output=other.output if usage.output is None else usage.output,
        thought=other.thought if usage.thought is None else usage.thought,
        cache_read=other.cache_read if usage.cache_read is None else usage.cache_read,
        cache_creation=other.cache_creation
        if usage.cache_creation is None
        else usage.cache_creation,
    )
