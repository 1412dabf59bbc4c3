"""MLflow: span type, inputs and outputs, each as JSON text."""

from __future__ import annotations

from evaluation.conversation.anything import read_anything
from evaluation.conversation.decoding import MISSING, as_count, as_object, decode
from evaluation.conversation.dialect import Dialect, SpanRole
from evaluation.conversation.messages import Messages
from evaluation.conversation.model import Usage
from evaluation.traces.model import Span
from evaluation.values import JSON

_ROLE_OF_TYPE: dict[str, SpanRole] = {
    "AGENT": "agent",
    "CHAT_MODEL": "model",
    "LLM": "model",
    "EMBEDDING": "embedding",
    "TOOL": "tool",
}


def _role(span: Span) -> SpanRole | None:
    kind = decode(span.attributes.get("mlflow.spanType"))
    return _ROLE_OF_TYPE.get(kind) if isinstance(kind, str) else None


def _input(span: Span) -> Messages | None:
    return read_anything(span.attributes.get("mlflow.spanInputs"), "user")


def _output(span: Span) -> Messages | None:
    value = decode(span.attributes.get("mlflow.spanOutputs"))
    choices = value.get("choices") if isinstance(value, dict) else None
    if isinstance(choices, list):
        value = [
            c["message"] for c in choices if isinstance(c, dict) and "message" in c
        ]
    return read_anything(value, "assistant")


def _arguments(span: Span) -> JSON:
    value = span.attributes.get("mlflow.spanInputs")
    return MISSING if value is None else value


def _result(span: Span) -> JSON:
    value = span.attributes.get("mlflow.spanOutputs")
    return MISSING if value is None else value


def _usage(span: Span) -> Usage | None:
    counts = as_object(span.attributes.get("mlflow.chat.tokenUsage"))
    if counts is None:
        return None
    return Usage(
        input=as_count(counts.get("input_tokens")),
        output=as_count(counts.get("output_tokens")),
        cache_read=as_count(counts.get("cache_read_input_tokens")),
        cache_creation=as_count(counts.get("cache_creation_input_tokens")),
    )


MLFLOW = Dialect(
    name="mlflow",
    roots=frozenset({"mlflow"}),
    names={
        "request_model": ("mlflow.llm.model",),
        "provider": ("mlflow.llm.provider",),
        "conversation_id": ("mlflow.trace.session",),
    },
    role=_role,
    input=_input,
    output=_output,
    arguments=_arguments,
    result=_result,
    answers=True,
    usage=_usage,
)
