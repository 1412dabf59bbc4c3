"""Google ADK, 1.x and 2.x: JSON of the model request and response on spans."""

from __future__ import annotations

from functools import lru_cache

from evaluation.conversation.contents import read_content, read_contents
from evaluation.conversation.decoding import MISSING, as_count, as_object
from evaluation.conversation.dialect import Dialect, SpanRole
from evaluation.conversation.messages import Message, Messages
from evaluation.conversation.model import Usage
from evaluation.traces.model import Span
from evaluation.values import JSON

FRAMEWORK = "gcp.vertex.agent"
_PREFIX = FRAMEWORK + "."
_REQUEST = _PREFIX + "llm_request"
_RESPONSE = _PREFIX + "llm_response"

# ADK names its spans so and, before 1.20, gives them no operation name.
_ROLE_OF_NAME: tuple[tuple[str, SpanRole], ...] = (
    ("invoke_agent", "agent"),
    ("call_llm", "model"),
    ("execute_tool", "tool"),
)


def is_marked(span: Span) -> bool:
    """Tell whether ADK made the span: its scope, system or one of its attributes."""
    attributes = span.attributes
    if FRAMEWORK in (
        span.scope.name,
        attributes.get("gen_ai.system"),
        attributes.get("otel.scope.name"),
    ):
        return True
    return _names_adk(tuple(attributes))


@lru_cache(maxsize=1_000)
def _names_adk(names: tuple[str, ...]) -> bool:
    return any(name.startswith(_PREFIX) for name in names)


def role_by_name(span: Span) -> SpanRole | None:
    """Tell what a span of an ADK trace is by its name."""
    for prefix, role in _ROLE_OF_NAME:
        if span.name.startswith(prefix):
            return role
    return None


def _input(span: Span) -> Messages | None:
    request = as_object(span.attributes.get(_REQUEST))
    if not request or "contents" not in request:
        return None
    contents = read_contents(request["contents"])
    return (Message(role="user", garbled=True),) if contents is None else contents


def _output(span: Span) -> Messages | None:
    response = as_object(span.attributes.get(_RESPONSE))
    content = response.get("content") if response else None
    if not isinstance(content, dict) or not content:
        return None
    return (read_content({**content, "role": "model"}),)


def _usage(span: Span) -> Usage | None:
    response = as_object(span.attributes.get(_RESPONSE))
    metadata = response.get("usage_metadata") if response else None
    if not isinstance(metadata, dict):
        return None
    prompt = as_count(metadata.get("prompt_token_count"))
    candidates = as_count(metadata.get("candidates_token_count"))
    if not prompt and not candidates:
        return None
    thought = as_count(metadata.get("thoughts_token_count"))
    counted = candidates is not None or thought is not None
    return Usage(
        input=prompt,
        # Google counts thoughts beside the candidates, everybody else within.
        output=(candidates or 0) + (thought or 0) if counted else None,
        thought=thought,
        cache_read=as_count(metadata.get("cached_content_token_count")),
    )


def request_model(span: Span) -> str | None:
    """Return the model that the request itself names."""
    request = as_object(span.attributes.get(_REQUEST))
    model = request.get("model") if request else None
    return model if isinstance(model, str) and model else None


def _arguments(span: Span) -> JSON:
    current = span.attributes.get("gen_ai.tool.call.arguments")
    if current and as_object(current) != {}:
        return current
    own = span.attributes.get(_PREFIX + "tool_call_args")
    return current if own is None and current else own or MISSING


def _result(span: Span) -> JSON:
    return span.attributes.get(_PREFIX + "tool_response") or MISSING


ADK = Dialect(
    name="adk",
    roots=frozenset({"gcp"}),
    names={
        "invocation_id": (_PREFIX + "invocation_id",),
        "conversation_id": (_PREFIX + "session_id",),
    },
    role=role_by_name,
    input=_input,
    output=_output,
    arguments=_arguments,
    result=_result,
    usage=_usage,
)
