from __future__ import annotations

import pytest

from evaluation.reports.performance import run_lines, trace_lines
from evaluation.reports.wording import arguments, duration, score


@pytest.mark.parametrize(
    ("milliseconds", "expected"),
    [
        (None, ""),
        (0, "0ms"),
        (0.5, "0ms"),
        (1.5, "2ms"),
        (999.4, "999ms"),
        (999.5, "1.0s"),
        (59_949, "59.9s"),
        (59_999.6, "1m 0s"),
        (3_599_600, "60m 0s"),
        (60_000, "1m 0s"),
        (119_500, "2m 0s"),
    ],
)
def test_durations(milliseconds: float | None, expected: str) -> None:
    assert duration(milliseconds) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "N/A"), (1, "1.0000"), (2 / 3, "0.6667")]
)
def test_scores_keep_four_decimals(value: float | None, expected: str) -> None:
    assert score(value) == expected


@pytest.mark.parametrize(
    ("args", "expected"),
    [(None, "{}"), ({}, "{}"), ({"ort": "Köln"}, '{"ort": "K\\u00f6ln"}')],
)
def test_arguments_are_ascii_json(args: object, expected: str) -> None:
    assert arguments(args) == expected


@pytest.mark.parametrize("block", [trace_lines, run_lines])
@pytest.mark.parametrize("performance", [None, {}])
def test_no_performance_is_no_block(block: object, performance: object) -> None:
    assert callable(block)
    assert block(performance) == []


def test_parts_that_nobody_measured_are_left_out() -> None:
    lines = trace_lines({"counts": {"llm_calls": 2, "tool_calls": 0}})

    assert lines == ["", "  Performance Metrics:", "    Counts: 2 LLM calls"]


def test_cached_tokens_are_shown_when_there_are_any() -> None:
    tokens = {
        "total": 9,
        "total_prompt": 7,
        "total_output": 2,
        "cache_read_tokens": 4,
        "cache_creation_tokens": 1,
    }

    assert trace_lines({"tokens": tokens})[-1] == (
        "    Tokens: 9 total (7 prompt + 2 output) [4 cache read, 1 cache write]"
    )
    assert "  Cache Tokens: 4 cache read, 1 cache write" in run_lines(
        {"tokens": tokens}
    )
