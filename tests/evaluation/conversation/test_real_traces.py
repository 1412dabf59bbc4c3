"""What a careful person reads in traces of real agents is what we read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluation.conversation.convert import convert
from evaluation.conversation.model import Invocation, ToolCall, Usage
from evaluation.traces.load import load

pytestmark = pytest.mark.golden

NAMES = [
    "adk_python_math_agent",
    "claude_agent_sdk_openinference",
    "jaeger_ui_genai_topology",
    "langwatch_openinference_openai_base64",
    "openai_agents_openllmetry",
    "pydantic_ai_weather",
]

Turn = tuple[Invocation, dict[str, Any]]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def turns(shared: Path, name: str) -> list[Turn]:
    """Return the turns we read beside those that are there."""
    folder = shared / "golden" / "real"
    truth = json.loads((folder / f"{name}.truth.json").read_text())
    (document,) = folder.glob(f"{name}.input.*")
    loaded = load(document.read_bytes(), name=document.name)
    found = [convert(trace).invocations for trace in loaded.traces]
    expected = [trace["turns"] for trace in truth["traces"]]
    assert [len(group) for group in found] == [len(group) for group in expected]
    pairs = zip(found, expected, strict=True)
    return [pair for group in pairs for pair in zip(*group, strict=True)]


def accepted(turn: dict[str, Any], field: str) -> list[Any]:
    return [turn[field], *turn["also_accept"].get(field, [])]


def test_questions_and_answers_are_found(turns: list[Turn]) -> None:
    for found, truth in turns:
        assert found.user_content is not None
        assert found.final_response is not None
        assert found.user_content.text() == truth["user_text"]
        assert found.final_response.text() == truth["final_response"]


def test_agents_are_named(turns: list[Turn]) -> None:
    for found, truth in turns:
        assert found.agent_name in accepted(truth, "agent")
        assert list(found.nested_agents) in accepted(truth, "nested_agents")


def test_tools_come_in_order_with_their_arguments(turns: list[Turn]) -> None:
    def read(call: ToolCall) -> dict[str, Any]:
        return {
            "name": call.name,
            "args": call.args,
            "call_id": call.call_id,
            "span_id": call.span_id,
            "agent": call.agent,
            "error": call.error is not None,
        }

    for found, truth in turns:
        assert [read(call) for call in found.tool_calls] == [
            {key: call.get(key) for key in read(ToolCall(name=""))}
            for call in truth["tool_calls"]
        ]


def test_results_of_tools_are_found(turns: list[Turn]) -> None:
    for found, truth in turns:
        for call, expected in zip(found.tool_calls, truth["tool_calls"], strict=True):
            assert _plain(call.response) == _plain(expected["result"])


def _plain(result: Any) -> Any:
    """Take ``{"result": x}`` for x, and JSON text for what it says."""
    if isinstance(result, dict) and result.keys() == {"result"}:
        result = result["result"]
    try:
        return json.loads(result) if isinstance(result, str) else result
    except ValueError:
        return result


def test_models_and_tokens_are_counted_once(turns: list[Turn]) -> None:
    for found, truth in turns:
        usages = [call.usage for call in found.model_calls]
        assert _total(usages, "input") in accepted(truth, "input_tokens")
        assert _total(usages, "output") in accepted(truth, "output_tokens")
        assert len(found.model_calls) in accepted(truth, "llm_calls")
        models = {c.request_model or c.response_model for c in found.model_calls}
        if truth["llm_calls_known"]:
            assert sorted(filter(None, models)) == truth["models"]


def _total(usages: list[Usage], field: str) -> int | None:
    counts: Iterator[int | None] = (getattr(usage, field) for usage in usages)
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def test_totals_of_the_trace_are_those_of_the_turns(shared: Path, name: str) -> None:
    folder = shared / "golden" / "real"
    truth = json.loads((folder / f"{name}.truth.json").read_text())
    (document,) = folder.glob(f"{name}.input.*")

    (trace,) = load(document.read_bytes(), name=document.name).traces
    block = convert(trace).performance or {}

    (turn,) = truth["traces"][0]["turns"]
    assert block["tokens"]["total_prompt"] == (turn["input_tokens"] or 0)
    assert block["tokens"]["total_output"] == (turn["output_tokens"] or 0)
    assert block["models"] == turn["models"]
