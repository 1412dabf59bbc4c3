"""Trace documents as turns, for whoever wants to look at them: ``POST /api/convert``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluation.answering import metadata_to_api
from evaluation.conversation.model import Conversation, Invocation, to_contract
from evaluation.documents import camel
from evaluation.errors import EvaluationError, NoTracesError
from evaluation.evaluating import Document, read_document
from evaluation.values import JSON, JSONObject

RECORDED_AS = re.compile(r"(?:trace_|agentevals_)(.+)", re.DOTALL)
EXTENSION = re.compile(r"\.jsonl?\Z", re.IGNORECASE)
# Whatever an agent, a tool or a user has said keeps its keys.
CONTENT = {"args", "response"}


def convert_documents(documents: Sequence[Document]) -> JSONObject:
    """Read documents and render their traces.

    Returns:
        ``traces``, and ``warnings`` for the documents that could not be read.

    Raises:
        NoTracesError: no document holds a trace; says why.
    """
    traces: list[JSONObject] = []
    warnings: list[str] = []
    for document in documents:
        try:
            found = read_document(document)
        except EvaluationError as error:
            warnings.append(f"Failed to load '{document.name}': {error}")
            continue
        traces.extend(_trace(each, document.name) for each in found)
    if not traces:
        why = f". Errors: {'; '.join(warnings)}" if warnings else ""
        raise NoTracesError(f"No traces found in uploaded files{why}")
    return {"traces": traces, "warnings": warnings}


def _trace(conversation: Conversation, file_name: str) -> JSONObject:
    metadata = metadata_to_api(conversation.metadata)
    return {
        "traceId": conversation.trace_id,
        "invocations": [_invocation(each) for each in conversation.invocations],
        "warnings": list(conversation.warnings),
        "metadata": metadata | {"sessionName": session_name(file_name)},
    }


def session_name(file_name: str) -> str | None:
    """Return the session that a recorded file is named after; None for other names."""
    found = RECORDED_AS.fullmatch(EXTENSION.sub("", file_name))
    return found[1] if found else None


def _invocation(invocation: Invocation) -> JSONObject:
    document: JSONObject = _renamed(to_contract(invocation))
    return document


def _renamed(node: JSON) -> JSON:
    """Rename the contract's keys, in any depth but inside what was said."""
    if isinstance(node, list):
        return [_renamed(item) for item in node]
    if isinstance(node, dict):
        return {
            camel(key): value if key in CONTENT else _renamed(value)
            for key, value in node.items()
        }
    return node
