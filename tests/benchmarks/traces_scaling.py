"""Print how reading traces scales: ``python -m tests.benchmarks.traces_scaling``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from evaluation.traces.load import load

SIZES = (100, 1_000, 10_000, 100_000)
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def otlp_spans(count: int, parent: Callable[[int], int | None]) -> list[dict[str, Any]]:
    """Make spans whose parents are chosen by ``parent``."""
    return [
        {
            "traceId": TRACE_ID,
            "spanId": f"{number + 1:016x}",
            "parentSpanId": "" if (up := parent(number)) is None else f"{up + 1:016x}",
            "name": "chat gpt-4o",
            "kind": 3,
            "startTimeUnixNano": str(1_700_000_000_000_000_000 + number),
            "endTimeUnixNano": str(1_700_000_001_000_000_000 + number),
            "attributes": [
                {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o"}},
                {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}},
            ],
        }
        for number in range(count)
    ]


def otlp(spans: list[dict[str, Any]]) -> bytes:
    """Wrap spans in an export document."""
    scope_spans = [{"scope": {"name": "bench"}, "spans": spans}]
    return json.dumps({"resourceSpans": [{"scopeSpans": scope_spans}]}).encode()


def lines(spans: list[dict[str, Any]]) -> bytes:
    """Write spans as JSON lines."""
    return b"\n".join(json.dumps(span).encode() for span in spans)


def jaeger(spans: list[dict[str, Any]]) -> bytes:
    """Write the same spans the way Jaeger has them."""
    return json.dumps(
        {
            "data": [
                {
                    "traceID": TRACE_ID,
                    "spans": [
                        {
                            "traceID": TRACE_ID,
                            "spanID": span["spanId"],
                            "operationName": span["name"],
                            "references": [
                                {"refType": "CHILD_OF", "spanID": span["parentSpanId"]}
                            ],
                            "startTime": int(span["startTimeUnixNano"]) // 1000,
                            "duration": 1_000_000,
                            "tags": [
                                {"key": "gen_ai.request.model", "value": "gpt-4o"},
                                {"key": "gen_ai.usage.input_tokens", "value": 12},
                            ],
                        }
                        for span in spans
                    ],
                }
            ]
        }
    ).encode()


SHAPES: dict[str, Callable[[int], bytes]] = {
    "otlp, flat": lambda count: otlp(otlp_spans(count, lambda number: None)),
    "otlp, chain": lambda count: otlp(
        otlp_spans(count, lambda number: number - 1 if number else None)
    ),
    "otlp, cycle": lambda count: otlp(
        otlp_spans(count, lambda number: (number - 1) % count)
    ),
    "json lines": lambda count: lines(otlp_spans(count, lambda number: None)),
    "jaeger": lambda count: jaeger(otlp_spans(count, lambda number: number // 2)),
    "one id": lambda count: otlp(otlp_spans(1, lambda number: None) * count),
    "without ids": lambda count: otlp([{"name": "x"}] * count),
    "bad spans": lambda count: otlp([{"spanId": "a"}, 7] * (count // 2)),  # type: ignore[list-item]
}


def main() -> None:
    """Print microseconds a span for each shape and size; flat lines are linear."""
    sys.stdout.write(f"{'us a span':14}" + "".join(f"{n:>10,}" for n in SIZES) + "\n")
    for name, make in SHAPES.items():
        sys.stdout.write(f"{name:14}")
        for count in SIZES:
            content = make(count)
            started = time.perf_counter()
            load(content)
            spent_us = (time.perf_counter() - started) * 1e6
            sys.stdout.write(f"{spent_us / count:>10.1f}")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
