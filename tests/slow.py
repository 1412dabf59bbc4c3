"""An evaluation that takes minutes and never yields: a thousand calls to be aligned."""

from __future__ import annotations

from typing import Any

CALLS = 1_000
TRACE_ID = "51" * 16
START_NS = 1_700_000_000_000_000_000


def slow_request(evaluators: int = 500) -> dict[str, Any]:
    """Return a body of ``POST /api/evaluate/json``; each evaluator takes about a second."""
    return {
        "traces": {"resourceSpans": [{"scopeSpans": [{"spans": _spans()}]}]},
        "evalSet": {
            "eval_set_id": "slow",
            "eval_cases": [{"eval_id": "c", "conversation": [_expected()]}],
        },
        "config": {
            "evaluators": [
                {"name": f"e{n}", "type": "builtin", "metric": METRIC}
                for n in range(evaluators)
            ]
        },
    }


METRIC = "tool_trajectory_edit_similarity"


def _expected() -> dict[str, Any]:
    return {
        "user_content": {"parts": [{"text": "hello"}]},
        "intermediate_data": {
            "tool_uses": [{"name": "wanted", "args": {"n": n}} for n in range(CALLS)]
        },
    }


def _spans() -> list[dict[str, Any]]:
    message = '[{"role": "user", "parts": [{"type": "text", "content": "hello"}]}]'
    agent = _span(0, "invoke_agent", "agent.name", "a") | {"parentSpanId": ""}
    agent["attributes"].append(_attribute("gen_ai.input.messages", message))
    return [agent, *(_span(n, "execute_tool", "tool.name", "made") for n in _calls())]


def _calls() -> range:
    return range(1, CALLS + 1)


def _span(number: int, operation: str, key: str, value: str) -> dict[str, Any]:
    return {
        "traceId": TRACE_ID,
        "spanId": f"{number + 1:016x}",
        "parentSpanId": f"{1:016x}",
        "name": f"{operation} {value}",
        "startTimeUnixNano": str(START_NS + number * 1_000_000),
        "endTimeUnixNano": str(START_NS + (CALLS + 9) * 1_000_000),
        "attributes": [
            _attribute("gen_ai.operation.name", operation),
            _attribute(f"gen_ai.{key}", value),
            _attribute("gen_ai.tool.call.arguments", f'{{"n": {number}}}'),
        ],
    }


def _attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}
