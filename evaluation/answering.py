"""What an evaluator process tells a client that waits, rendered and ready to be sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from evaluation.conversation.model import Conversation, Metadata
from evaluation.framing import FrameKind
from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.rendering import camel_keys, to_api, trace_to_api
from evaluation.values import JSON, JSONObject, Value

Send = Callable[[FrameKind, JSON], None]


class Loaded(Value, frozen=True, kw_only=True):
    """What the documents of a job hold."""

    trace_count: int


class Teller:
    """Tells a client what an evaluation finds, in the contract's events."""

    def __init__(self, send: Send) -> None:
        """Hand every message to ``send``."""
        self._send = send

    def loaded(self, conversations: Sequence[Conversation]) -> None:
        """Say that the documents are read."""
        self._send(FrameKind.LOADED, Loaded(trace_count=len(conversations)))

    def trace(self, conversation: Conversation) -> None:
        """Tell of a trace before it is evaluated."""
        document = {
            "traceId": conversation.trace_id,
            "performanceMetrics": camel_keys(conversation.performance),
            "traceMetadata": metadata_to_api(conversation.metadata),
        }
        self._send(FrameKind.TRACE, document)

    def progress(self, sentence: str) -> None:
        """Say what happens now."""
        self._send(FrameKind.TOLD, {"message": sentence})

    def result(self, trace: TraceResult, metric: MetricResult) -> None:
        """Show what a trace's metrics have said so far."""
        if trace.num_invocations:
            partial = {"traceId": trace.trace_id, "partialResult": trace_to_api(trace)}
            self._send(FrameKind.TOLD, {"traceProgress": partial})

    def answer(self, result: RunResult) -> None:
        """Give the whole result."""
        self._send(FrameKind.ANSWER, to_api(result))


def metadata_to_api(metadata: Metadata) -> JSONObject:
    """Render what a list of traces shows of one."""
    document: JSONObject = camel_keys(msgspec.structs.asdict(metadata))
    return document
