"""The peer's recordings of its own conversions, and where we read more than it did."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from evaluation.conversation.convert import convert
from evaluation.conversation.model import Conversation, to_contract
from evaluation.errors import TraceFormatError
from evaluation.traces.load import load

pytestmark = pytest.mark.golden

# Phrases of the warnings that clients look for.
FRAGMENTS = (
    "no invoke_agent spans found",
    "has no child call_llm spans",
    "no user content found",
    "no content in llm_response",
    "missing message content",
    "no GenAI invocation spans found",
    "has no LLM call spans",
    "no user message found",
    "failed to convert multi-turn conversation",
)

ODD_ITEM = "one odd item costs the item, not the turn"
CYCLE = "a cycle of parents is cut, so that its spans are in the tree"
LATER_LINES = "lines of a document and of bare spans in one file are both read"
CRASH = "the peer's number is an exception"
MIXED = "the agent span is read as GenAI, since ADK made something else in the trace"
FRACTIONS = "fractions of a microsecond are cut, as in every other format"

INVOCATIONS = {
    "adk_call_args_list": ODD_ITEM,
    "adk_call_args_null": ODD_ITEM,
    "adk_parts_null": ODD_ITEM,
    "genai_strands_tool_text_response": "text results and the key `result` are read",
    "jsonl_mixed_lines": LATER_LINES,
    "otlp_cycle_below_root": CYCLE,
}
WARNINGS = {
    "adk_markers_on_sibling_only": MIXED,
    "adk_parts_null": "the warning says what is missing, not what Python said",
    "jsonl_mixed_lines": LATER_LINES,
    "otlp_cycle_below_root": CYCLE,
}
PERFORMANCE = {
    "adk_markers_on_sibling_only": MIXED,
    "adk_tokens_null_candidates": CRASH,
    "adk_tokens_null_usage": CRASH,
    "genai_percentiles_20": "percentiles are by nearest rank",
    "jaeger_float_times": FRACTIONS,
    "jaeger_parent_cycle": CYCLE,
    "jaeger_self_parent": CYCLE,
    "jaeger_string_times": CRASH,
    "jsonl_mixed_lines": LATER_LINES,
    "sample_helm": "cached tokens of ADK's usage are counted",
    "sample_k8s": "cached tokens of ADK's usage are counted",
}
SERVED_BY = "the provider span below names who served the call and which model answered"
METADATA = {
    "adk_markers_on_sibling_only": MIXED,
    "adk_parts_null": CRASH,
    "jaeger_float_times": FRACTIONS,
    "jaeger_parent_cycle": CYCLE,
    "jaeger_self_parent": CYCLE,
    "jsonl_mixed_lines": LATER_LINES,
    "otlp_cycle_below_root": CYCLE,
    "sample_helm": SERVED_BY,
    "sample_k8s": SERVED_BY,
    "sample_tempo_export_with_batches": SERVED_BY,
}


class Case(NamedTuple):
    name: str
    found: Conversation
    expected: dict[str, Any]


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[Case]:
    """Return every trace of every case whose recording is no fault."""
    folder = shared / "golden" / "traces"
    faulty = set((folder / "DEFECTS.txt").read_text().split())
    return [
        case
        for path in sorted(folder.glob("*.expected.json"))
        if path.name.removesuffix(".expected.json") not in faulty
        for case in _cases_of(path)
    ]


def _cases_of(path: Path) -> Iterator[Case]:
    name = path.name.removesuffix(".expected.json")
    (document,) = path.parent.glob(f"{name}.input.*")
    expected = json.loads(path.read_text()).get("traces") or []
    try:
        loaded = load(document.read_bytes(), name=document.name)
    except TraceFormatError:
        return
    for trace, recorded in zip(loaded.traces, expected, strict=False):
        yield Case(name, convert(trace), recorded)


def differing(
    cases: list[Case],
    found: Callable[[Conversation], Any],
    expected: Callable[[dict[str, Any], Conversation], Any],
) -> set[str]:
    return {
        case.name
        for case in cases
        if found(case.found) != expected(case.expected, case.found)
    }


def test_turns_are_those_of_the_peer(cases: list[Case]) -> None:
    def found(conversation: Conversation) -> Any:
        turns = [to_contract(turn) for turn in conversation.invocations]
        return json.loads(json.dumps(turns))

    def expected(recorded: dict[str, Any], _: Conversation) -> Any:
        return recorded["conversion"].get("invocations")

    assert len(cases) > 80
    assert differing(cases, found, expected) == set(INVOCATIONS)


def test_warnings_mean_the_same(cases: list[Case]) -> None:
    def fragments(warnings: Any) -> list[str]:
        return sorted(f for text in warnings for f in FRAGMENTS if f in text)

    assert differing(
        cases,
        lambda conversation: fragments(conversation.warnings),
        lambda recorded, _: fragments(recorded["conversion"].get("warnings", [])),
    ) == set(WARNINGS)


def test_performance_numbers_are_those_of_the_peer(cases: list[Case]) -> None:
    def found(conversation: Conversation) -> Any:
        return {**(conversation.performance or {}), "models": None}

    def expected(recorded: dict[str, Any], conversation: Conversation) -> Any:
        block = {**recorded["performance_metrics"], "models": None}
        if "counts" in block and "no_turns" in _codes(conversation):
            # The peer counts roots as invocations where it finds no turn.
            block["counts"] = {**block["counts"], "invocations": 0}
        return block

    assert differing(cases, found, expected) == set(PERFORMANCE)


def test_models_are_those_of_the_peer_or_those_that_adk_asked_for(
    cases: list[Case],
) -> None:
    def expected(recorded: dict[str, Any], conversation: Conversation) -> Any:
        models = recorded["performance_metrics"].get("models")
        asked = (conversation.performance or {})["models"]
        return models or asked

    assert not differing(
        cases, lambda conversation: (conversation.performance or {})["models"], expected
    )


def test_metadata_is_that_of_the_peer(cases: list[Case]) -> None:
    def found(conversation: Conversation) -> Any:
        return msgspec.to_builtins(conversation.metadata)

    def expected(recorded: dict[str, Any], conversation: Conversation) -> Any:
        metadata = dict(recorded["metadata"])
        if metadata.get("model") is None:
            # Only the request of ADK names the model, which the peer does not read.
            metadata["model"] = conversation.metadata.model
        return metadata

    assert differing(cases, found, expected) == set(METADATA)


def _codes(conversation: Conversation) -> set[str]:
    return {gap.code for gap in conversation.gaps}


# Our turns differ where the recording shows a silent pass or a lost turn.
EVALUATED = {
    "multi_repeated_user_text_otlp": "a question asked twice is two turns",
}


def test_turns_of_evaluated_traces_are_those_of_the_peer(shared: Path) -> None:
    folder = shared / "golden" / "eval"
    different, compared = set(), 0
    for path in sorted(folder.glob("*.expected.json")):
        recorded = json.loads(path.read_text()).get("actual_invocations")
        name = path.name.removesuffix(".expected.json")
        inputs = json.loads((folder / f"{name}.input.json").read_text())
        found = list(_evaluated(inputs, folder))
        if recorded is None or len(found) != len(recorded):
            continue
        compared += 1
        if found != [_recorded(trace) for trace in recorded]:
            different.add(name)

    assert compared > 200
    assert different == set(EVALUATED)


def _evaluated(inputs: dict[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    for name in inputs["args"]:
        if name not in inputs["files"]:
            continue
        try:
            loaded = load(_content(inputs["files"][name], folder), name=name)
        except TraceFormatError:
            continue
        for trace in loaded.traces:
            turns = [to_contract(turn) for turn in convert(trace).invocations]
            yield {
                "trace_id": trace.trace_id,
                "invocations": [_summary(json.loads(json.dumps(t))) for t in turns],
            }


def _content(content: Any, folder: Path) -> bytes:
    if isinstance(content, dict) and "$copy" in content:
        return (folder / content["$copy"]).read_bytes()
    if isinstance(content, dict) and "$text" in content:
        return bytes(content["$text"], "utf-8")
    return json.dumps(content).encode()


def _summary(turn: dict[str, Any]) -> dict[str, Any]:
    def texts(content: dict[str, Any] | None) -> list[str]:
        parts = content["parts"] if content else []
        return [part["text"] for part in parts if "text" in part]

    calls = turn["intermediate_data"]
    return {
        "invocation_id": turn["invocation_id"],
        "user_text": texts(turn.get("user_content")),
        "final_text": texts(turn.get("final_response")),
        "tool_calls": [_pick(c, "name", "args") for c in calls["tool_uses"]],
        "tool_responses": [
            _pick(c, "name", "response") for c in calls["tool_responses"]
        ],
    }


def _pick(item: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: item[key] for key in keys}


def _recorded(trace: dict[str, Any]) -> dict[str, Any]:
    turns = [
        {
            **turn,
            "tool_calls": [_pick(c, "name", "args") for c in turn["tool_calls"]],
            "tool_responses": [
                _pick(c, "name", "response") for c in turn["tool_responses"]
            ],
        }
        for turn in trace["invocations"]
    ]
    return {"trace_id": trace["trace_id"], "invocations": turns}
