"""The whole way in one call: documents in, results out."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

import msgspec

from evaluation.capabilities import NONE, Capabilities
from evaluation.config.model import EvaluationConfig
from evaluation.conversation.model import Conversation
from evaluation.engine import Clock, OnAnswer, OnProgress, OnResult, evaluate
from evaluation.errors import EvaluationError, NoTracesError
from evaluation.eval_sets.digest import digest
from evaluation.eval_sets.model import EvalSet
from evaluation.eval_sets.parsing import parse_eval_set
from evaluation.outcome import RunResult
from evaluation.traces.model import Problem
from evaluation.values import JSON, Value

OnTrace = Callable[[Conversation], None]
OnLoaded = Callable[[Sequence[Conversation]], None]


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
    strict: bool = False,
    on_loaded: OnLoaded | None = None,
    on_result: OnResult | None = None,
    on_trace: OnTrace | None = None,
    on_progress: OnProgress | None = None,
    on_answer: OnAnswer | None = None,
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
        strict: raise what would cost a document or the eval set.
        on_loaded: called with all conversations, also if there are none.
        on_result: as for ``evaluate``.
        on_trace: called with each conversation once all documents are read.
        on_progress: as for ``evaluate``.
        on_answer: as for ``evaluate``.

    Raises:
        EvaluationError: only if ``strict``.
    """
    conversations, errors = _converse(documents, config.trace_format, strict=strict)
    golden, fault = _golden(eval_set, eval_set_name, strict=strict)
    if on_loaded:
        on_loaded(conversations)
    if not conversations:
        return RunResult(errors=[*errors, "No traces loaded."])
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
        on_answer=on_answer,
    )
    return msgspec.structs.replace(
        result,
        errors=[*errors, *fault, *result.errors],
        eval_set_digest=digest(golden) if golden else None,
    )


def _converse(
    documents: Sequence[Document], trace_format: str | None, *, strict: bool
) -> tuple[list[Conversation], list[str]]:
    conversations: list[Conversation] = []
    errors: list[str] = []
    for document in documents:
        try:
            conversations += read_document(document, trace_format)
        except EvaluationError as error:
            if strict:
                raise
            errors.append(f"Failed to load trace file '{document.name}': {error}")
    return conversations, errors


def read_document(
    document: Document, trace_format: str | None = None
) -> list[Conversation]:
    """Load and convert one document; ``trace_format`` is for one without a format.

    Raises:
        TraceFormatError: it cannot be read, or holds no trace.
    """
    # Late: a caller with conversations at hand needs no trace formats.
    from evaluation.conversation.convert import convert
    from evaluation.traces.load import load

    loaded = load(
        document.content,
        name=document.name,
        format=document.format or trace_format,
    )
    return _warned([convert(trace) for trace in loaded.traces], loaded.problems)


def _warned(
    conversations: Sequence[Conversation], problems: Sequence[Problem]
) -> list[Conversation]:
    """Show what is wrong with a document among the warnings of its first trace.

    Raises:
        NoTracesError: the document holds no trace; its problems say why.
    """
    told = tuple(map(str, problems))
    if not conversations:
        raise NoTracesError("; ".join(told) or "it holds no traces.")
    first, *rest = conversations
    if not told:
        return [first, *rest]
    return [msgspec.structs.replace(first, warnings=told + first.warnings), *rest]


def _golden(
    document: JSON | bytes | None, name: str, *, strict: bool
) -> tuple[EvalSet | None, list[str]]:
    if document is None:
        return None, []
    try:
        return parse_eval_set(document), []
    except EvaluationError as error:
        if strict:
            raise
        return None, [f"Failed to load eval set '{name}': {error}"]
