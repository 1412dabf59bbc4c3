from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.conversation.model import Conversation
from evaluation.conversation.performance import (
    aggregate,
    percentile,
    statistics_of,
)
from tests.evaluation.conversation.spans import (
    agent,
    chat,
    conversation_of,
    said,
    span,
    tool,
    user,
)

EMPTY = {
    "min": 0.0,
    "median": 0.0,
    "max": 0.0,
    "count": 0,
    "p50": 0.0,
    "p95": 0.0,
    "p99": 0.0,
}


def performance_of(*spans: Any) -> dict[str, Any]:
    block = conversation_of(*spans).performance
    assert block is not None
    return block


def same(value: float, count: int) -> dict[str, Any]:
    stats = dict.fromkeys(("min", "median", "max", "p50", "p95", "p99"), value)
    return {**stats, "count": count}


def test_the_block_has_the_contracts_shape() -> None:
    block = performance_of(
        agent("r", lasts=1000),
        chat("l1", "r", [user("q")], [said("a")], lasts=200),
        chat("l2", "r", [user("q")], [said("a")], at=300, lasts=200),
        tool("t", "r", "f", at=250, lasts=50),
    )

    assert block == {
        "latency": {
            "overall": same(1000.0, 1),
            "llm_calls": same(200.0, 2),
            "tool_executions": same(50.0, 1),
        },
        "tokens": {
            "total_prompt": 24,
            "total_output": 14,
            "total": 38,
            "per_llm_call": same(19, 2),
            "cache_creation_tokens": 0,
            "cache_read_tokens": 0,
        },
        "counts": {"llm_calls": 2, "tool_calls": 1, "invocations": 1},
        "models": ["gpt-4o"],
        "tool_names": ["f"],
    }


def test_without_turns_roots_give_the_latency_and_are_no_invocations() -> None:
    block = performance_of(span("a", lasts=100), span("b", lasts=100))

    assert block["latency"]["overall"] == same(100.0, 2)
    assert block["counts"] == {"llm_calls": 0, "tool_calls": 0, "invocations": 0}
    assert block["tokens"]["per_llm_call"] == EMPTY


def test_unfinished_spans_have_no_latency() -> None:
    block = performance_of(
        agent("r", lasts=None), chat("l", "r", [user("q")], [said("a")], lasts=200)
    )

    assert block["latency"]["overall"] == EMPTY
    assert block["latency"]["llm_calls"]["count"] == 1


def test_reversed_times_are_no_negative_latency() -> None:
    block = performance_of(chat("l", None, [user("q")], [said("a")], lasts=-50))

    assert block["latency"]["overall"] == same(0.0, 1)


def test_calls_outside_of_turns_count_too() -> None:
    block = performance_of(
        span("root", lasts=2000),
        chat("x", "root", [user("title")], [said("t")], at=1),
        agent("a1", "root", at=5),
        chat("l1", "a1", [user("q1")], [said("a1")], at=10),
        agent("a2", "root", at=500),
        chat("l2", "a2", [user("q2")], [said("a2")], at=510),
    )

    assert block["counts"] == {"llm_calls": 3, "tool_calls": 0, "invocations": 2}
    assert block["tokens"]["total"] == 57


@pytest.mark.parametrize(
    ("count", "percent", "expected"),
    [(1, 95, 1), (2, 95, 2), (20, 95, 19), (20, 99, 20), (100, 95, 95), (100, 99, 99)],
)
def test_percentiles_are_by_nearest_rank(
    count: int, percent: int, expected: int
) -> None:
    assert percentile(range(1, count + 1), percent) == expected


def test_the_median_of_an_even_number_is_a_mean() -> None:
    stats = statistics_of([4, 1, 3, 2])

    assert (stats["median"], stats["p50"]) == (2.5, 2.5)


@given(st.lists(st.integers(0, 1_000), min_size=1), st.integers(1, 100))
def test_a_percentile_covers_its_share_and_no_smaller_value_does(
    values: list[int], percent: int
) -> None:
    ordered = sorted(values)

    found = percentile(ordered, percent)

    share = Fraction(percent, 100) * len(values)
    assert sum(value <= found for value in values) >= share
    assert sum(value < found for value in values) < share


@given(st.lists(st.integers(0, 1_000), min_size=1))
def test_statistics_are_in_order(values: list[int]) -> None:
    stats = statistics_of(values)

    assert stats["min"] <= stats["median"] <= stats["max"]
    assert stats["p95"] <= stats["p99"] <= stats["max"]
    assert stats["count"] == len(values)


def test_a_run_adds_its_traces_up() -> None:
    one = conversation_of(
        agent("r", lasts=100), chat("l", "r", [user("q")], [said("a")])
    )
    two = conversation_of(
        agent("r", lasts=300),
        chat("l", "r", [user("q")], [said("a")]),
        tool("t", "r", "f", at=200),
    )

    assert aggregate([one, two]) == {
        "tokens": {
            "total_prompt": 24,
            "total_output": 14,
            "total": 38,
            "avg_per_trace": {"prompt": 12.0, "output": 7.0},
            "cache_creation_tokens": 0,
            "cache_read_tokens": 0,
        },
        "latency": {"overall_per_trace": {"p50": 200.0, "p95": 300.0, "p99": 300.0}},
        "counts": {
            "traces": 2,
            "total_llm_calls": 2,
            "total_tool_calls": 1,
            "avg_llm_calls_per_trace": 1.0,
            "avg_tool_calls_per_trace": 0.5,
        },
        "models": ["gpt-4o"],
        "trace_count": 2,
    }


def test_a_run_without_numbers_adds_up_to_nothing() -> None:
    empty = aggregate([Conversation(trace_id="t")])

    assert empty["trace_count"] == 0
    assert empty["latency"] == {}
    assert msgspec.json.encode(empty)
