"""The whole way in one call: documents in, results out."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

import msgspec

from evaluation.capabilities import NONE, Capabilities
from evaluation.config.model import EvaluationConfig
from evaluation.conversation.model import Conversation
from evaluation.engine import Clock, OnProgress, OnResult, evaluate
from evaluation.errors import EvaluationError, TraceFormatError
from evaluation.eval_sets.digest import digest
from evaluation.eval_sets.model import EvalSet
from evaluation.eval_sets.parsing import parse_eval_set
from evaluation.outcome import RunResult
from evaluation.traces.model import Problem
from evaluation.values import JSON, Value

OnTrace = Callable[[Conversation], None]


class Document(Value, frozen=True, kw_only=True):
    """A trace export: what people call it, its bytes, and a forced format if any."""

    name: str
    content: bytes
    format: str | None = None


def evaluate_documents(
    documents: Sequence[Document],
    *,
    eval_set: JSON | bytes | None,
    eval_set_name: str = "",
    config: EvaluationConfig,
    now: Clock,
    capabilities: Capabilities = NONE,
    done: Container[tuple[str, str]] = (),
    on_result: OnResult | None = None,
    on_trace: OnTrace | None = None,
    on_progress: OnProgress | None = None,
) -> RunResult:
    """Load, convert and evaluate trace documents.

    A document or eval set that cannot be read costs itself and leaves a sentence in
    ``errors``; the rest is evaluated.

    Args:
        documents: trace exports; the traces keep the order of files and in files.
        eval_set: a decoded eval set, the bytes of one, or None.
        eval_set_name: what the eval set is called in errors.
        config: what to evaluate; its ``trace_format`` is for documents without one.
        now: a monotonic clock in seconds.
        capabilities: as for ``evaluate``.
        done: as for ``evaluate``.
        on_result: as for ``evaluate``.
        on_trace: called with each conversation once all documents are read.
        on_progress: as for ``evaluate``.
    """
    conversations, errors = _converse(documents, config.trace_format)
    if not conversations:
        return RunResult(errors=[*errors, "No traces loaded."])
    golden, fault = _golden(eval_set, eval_set_name)
    for conversation in conversations if on_trace else ():
        on_trace(conversation)  # type: ignore[misc]  # the loop is empty without it
    result = evaluate(
        conversations,
        eval_set=golden,
        config=config,
        now=now,
        capabilities=capabilities,
        done=done,
        on_result=on_result,
        on_progress=on_progress,
    )
    return msgspec.structs.replace(
        result,
        errors=[*errors, *fault, *result.errors],
        eval_set_digest=digest(golden) if golden else None,
    )


def _converse(
    documents: Sequence[Document], trace_format: str | None
) -> tuple[list[Conversation], list[str]]:
    # Late: a caller with conversations at hand needs no trace formats.
    from evaluation.conversation.convert import convert
    from evaluation.traces.load import load

    conversations: list[Conversation] = []
    errors: list[str] = []
    for document in documents:
        try:
            loaded = load(
                document.content,
                name=document.name,
                format=document.format or trace_format,
            )
            found = [convert(trace) for trace in loaded.traces]
            conversations.extend(_warned(found, loaded.problems))
        except EvaluationError as error:
            errors.append(f"Failed to load trace file '{document.name}': {error}")
    return conversations, errors


def _warned(
    conversations: Sequence[Conversation], problems: Sequence[Problem]
) -> list[Conversation]:
    """Show what is wrong with a document among the warnings of its first trace.

    Raises:
        TraceFormatError: the document holds no trace; its problems say why.
    """
    told = tuple(map(str, problems))
    if not conversations:
        raise TraceFormatError("; ".join(told) or "it holds no traces.")
    first, *rest = conversations
    if not told:
        return [first, *rest]
    return [msgspec.structs.replace(first, warnings=told + first.warnings), *rest]


def _golden(
    document: JSON | bytes | None, name: str
) -> tuple[EvalSet | None, list[str]]:
    if document is None:
        return None, []
    try:
        return parse_eval_set(document), []
    except EvaluationError as error:
        return None, [f"Failed to load eval set '{name}': {error}"]
