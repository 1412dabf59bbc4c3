"""The performance blocks that follow the results of a trace and of a run."""

from __future__ import annotations

from evaluation.reports.wording import duration
from evaluation.values import JSON, JSONObject

LATENCIES = (
    ("overall", "Overall Latency: "),
    ("llm_calls", "LLM Latency:     "),
    ("tool_executions", "Tool Latency:    "),
)
COUNTS = (
    ("llm_calls", "LLM calls"),
    ("tool_calls", "tool calls"),
    ("invocations", "invocations"),
)


def trace_lines(performance: JSONObject | None) -> list[str]:
    """Write how one trace performed: models, counts, latencies, tokens."""
    if not performance:
        return []
    return [
        "",
        "  Performance Metrics:",
        *_models(performance, "    Model: "),
        *_counts(_part(performance, "counts")),
        *_latencies(_part(performance, "latency")),
        *_tokens(_part(performance, "tokens")),
    ]


def run_lines(performance: JSONObject | None) -> list[str]:
    """Write how all traces together performed, then a blank line."""
    if not performance:
        return []
    counts = _part(performance, "counts")
    traces = counts.get("traces", performance.get("trace_count", 0))
    llm, tools = counts.get("total_llm_calls", 0), counts.get("total_tool_calls", 0)
    return [
        "Overall Performance:",
        f"  Traces: {traces}, LLM Calls: {llm}, Tool Calls: {tools}",
        *_models(performance, "  Models: "),
        *_run_latency(_part(performance, "latency")),
        *_run_tokens(_part(performance, "tokens")),
        "",
    ]


def _part(performance: JSONObject, key: str) -> JSONObject:
    part = performance.get(key)
    return part if isinstance(part, dict) else {}


def _models(performance: JSONObject, label: str) -> list[str]:
    models = performance.get("models") or []
    return [label + ", ".join(str(model) for model in models)] if models else []


def _counts(counts: JSONObject) -> list[str]:
    parts = [f"{counts[key]} {noun}" for key, noun in COUNTS if counts.get(key)]
    return ["    Counts: " + ", ".join(parts)] if parts else []


def _latencies(latency: JSONObject) -> list[str]:
    return [
        f"    {label}min={duration(numbers['min'])}, "
        f"median={duration(numbers['median'])}, max={duration(numbers['max'])}"
        for key, label in LATENCIES
        if (numbers := _part(latency, key)).get("count", len(numbers))
    ]


def _tokens(tokens: JSONObject) -> list[str]:
    if not tokens:
        return []
    line = (
        f"    Tokens: {_n(tokens, 'total')} total "
        f"({_n(tokens, 'total_prompt')} prompt + {_n(tokens, 'total_output')} output)"
    )
    cache = _cache(tokens)
    return [f"{line} [{cache}]" if cache else line]


def _cache(tokens: JSONObject) -> str:
    parts = (
        (tokens.get("cache_read_tokens"), "cache read"),
        (tokens.get("cache_creation_tokens"), "cache write"),
    )
    return ", ".join(f"{count} {noun}" for count, noun in parts if count)


def _run_latency(latency: JSONObject) -> list[str]:
    numbers = _part(latency, "overall_per_trace")
    if not numbers.get("p50"):
        return []
    parts = (f"{key}={duration(numbers.get(key))}" for key in ("p50", "p95", "p99"))
    return ["  Latency per Trace: " + ", ".join(parts)]


def _run_tokens(tokens: JSONObject) -> list[str]:
    if not tokens:
        return []
    mean = _part(tokens, "avg_per_trace")
    cache = _cache(tokens)
    return [
        f"  Total Tokens: {_n(tokens, 'total')} ({_n(tokens, 'total_prompt')} prompt"
        f" + {_n(tokens, 'total_output')} output)",
        f"  Avg per Trace: {mean.get('prompt') or 0:.0f} prompt, "
        f"{mean.get('output') or 0:.0f} output",
        *([f"  Cache Tokens: {cache}"] if cache else []),
    ]


def _n(tokens: JSONObject, key: str) -> JSON:
    return tokens.get(key) or 0
