"""The protocol of evaluators: one JSON document on stdin, one on stdout.

Minor versions only add: 1.1 has the ids of calls and responses, responses as JSON, failed
tools, trace and span. It has the numbers of the trace once, 1.0 has them in every turn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from evaluation.config.model import EvaluatorSpec
from evaluation.conversation.model import Content, Invocation, ToolCall
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.evaluators.errors import EvaluatorOutputError
from evaluation.metrics.model import Task
from evaluation.outcome import EvalStatus
from evaluation.values import JSON, JSONObject, Value

Version = Literal["1.0", "1.1"]


class Output(Value, frozen=True, kw_only=True):
    """What an evaluator says; keys that are not known here are ignored."""

    score: Annotated[float, msgspec.Meta(ge=0, le=1)]
    status: EvalStatus | None = None
    per_invocation_scores: list[float | None] = []
    details: JSONObject | None = None
    explanation: JSON = None


def read_output(text: bytes, name: str) -> Output:
    """Read what an evaluator wrote to stdout.

    Raises:
        EvaluatorOutputError: it is not exactly one result.
    """
    try:
        # Not strict: the contract takes numbers that are spelled as texts.
        document = _numbered(msgspec.json.decode(text))
        return msgspec.convert(document, Output, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise EvaluatorOutputError(
            f"Custom evaluator '{name}' produced invalid JSON: {error}"
        ) from error


def _numbered(document: JSON) -> JSON:
    """Make numbers of scores that are true or false, which the contract takes as well."""
    if not isinstance(document, dict):
        return document
    scores = document.get("per_invocation_scores")
    if isinstance(scores, list):
        document["per_invocation_scores"] = [_number(score) for score in scores]
    if "score" in document:
        document["score"] = _number(document["score"])
    return document


def _number(score: JSON) -> JSON:
    return float(score) if isinstance(score, bool) else score


def input_document(spec: EvaluatorSpec, task: Task) -> JSONObject:
    """Compose what an evaluator reads from stdin."""
    version: Version = spec.options.get("protocol", "1.0")
    expected = task.expected
    document: JSONObject = {
        "protocol_version": version,
        "metric_name": spec.name,
        "threshold": spec.threshold,
        "config": spec.options.get("config", {}),
        "invocations": [_actual(turn, task, version) for turn in task.turns],
        "expected_invocations": expected and [_expected(t, version) for t in expected],
    }
    if version != "1.0":
        document["trace_id"] = task.conversation.trace_id
        document["performance_metrics"] = task.conversation.performance
    return document


def _actual(turn: Invocation, task: Task, version: Version) -> JSONObject:
    is_old = version == "1.0"
    document = _turn(
        turn.invocation_id,
        turn.user_content,
        turn.final_response,
        [_call(call, version) for call in turn.tool_calls],
        list(_responses(turn.tool_calls, version)),
    )
    document["performance_metrics"] = task.conversation.performance if is_old else None
    if is_old:
        return document
    ids = {"trace_id": task.conversation.trace_id, "span_id": turn.span_id}
    return document | ids


def _expected(turn: ExpectedTurn, version: Version) -> JSONObject:
    document = _turn(
        turn.invocation_id,
        turn.user_content,
        turn.final_response,
        [_call(call, version) for call in turn.tool_calls],
        [
            _response(each.get("name"), each.get("response"), each.get("id"), version)
            for each in turn.tool_responses
        ],
    )
    document["performance_metrics"] = None
    return (
        document if version == "1.0" else document | {"trace_id": None, "span_id": None}
    )


def _turn(
    invocation_id: str,
    user: Content | None,
    answer: Content | None,
    calls: list[JSONObject],
    responses: list[JSONObject],
) -> JSONObject:
    return {
        "invocation_id": invocation_id,
        "user_content": user.text(" ") if user else "",
        "final_response": (answer.text(" ") if answer else "") or None,
        "intermediate_steps": {"tool_calls": calls, "tool_responses": responses},
    }


def _call(call: ToolCall, version: Version) -> JSONObject:
    document: JSONObject = {"name": call.name, "args": call.args or {}}
    return document if version == "1.0" else document | {"id": call.call_id}


def _responses(calls: tuple[ToolCall, ...], version: Version) -> Iterator[JSONObject]:
    for call in calls:
        if call.response is not None:
            response = _response(call.name, call.response, call.call_id, version)
        elif call.error is not None and version != "1.0":
            response = _response(call.name, None, call.call_id, version)
            response["output"] = call.error
        else:
            continue
        if call.error is not None and version != "1.0":
            response["status"] = "error"
        yield response


def _response(
    name: JSON, response: JSON, call_id: JSON, version: Version
) -> JSONObject:
    if version == "1.0":  # the notation of Python, as it was recorded
        output = str(response) if response else ""
        return {"name": name or "", "output": output, "status": None}
    return {
        "id": call_id,
        "name": name or "",
        "output": json.dumps(response, ensure_ascii=False) if response else "",
        "status": None,
        "response": response,
    }
