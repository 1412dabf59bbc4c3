"""Latencies, tokens and counts of one trace, and of a run over many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evaluation.conversation.model import Conversation, Usage
from evaluation.conversation.overlay import View
from evaluation.conversation.tree import Forest
from evaluation.conversation.turns import Turn
from evaluation.traces.model import Span
from evaluation.values import JSONObject

_NS_PER_US = 1_000
_US_PER_MS = 1_000


def latency_ms(spans: Iterable[Span]) -> list[float]:
    """Return durations in milliseconds; spans that did not end are left out."""
    durations = (span.duration_ns for span in spans)
    return [ns // _NS_PER_US / _US_PER_MS for ns in durations if ns is not None]


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Take a percentile by nearest rank.

    Args:
        ordered: values in ascending order, at least one.
        percent: 1 to 100.

    Returns:
        The smallest value that at least ``percent`` per cent do not exceed.
    """
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def median_of(ordered: Sequence[float]) -> float:
    """Return the middle of ascending values, the mean of two where there are two."""
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def statistics_of(values: Iterable[float]) -> JSONObject:
    """Sum values up as the contract does; all zero for none."""
    ordered = sorted(values)
    if not ordered:
        names = ("min", "median", "max", "count", "p50", "p95", "p99")
        return {name: 0 if name == "count" else 0.0 for name in names}
    median = median_of(ordered)
    return {
        "min": ordered[0],
        "median": median,
        "max": ordered[-1],
        "count": len(ordered),
        "p50": median,
        "p95": percentile(ordered, 95),
        "p99": percentile(ordered, 99),
    }


def token_block(usages: Iterable[Usage]) -> JSONObject:
    """Sum the tokens of model calls; what nobody counted adds nothing."""
    counted = list(usages)
    totals = [(usage.input or 0, usage.output or 0) for usage in counted]
    prompt = sum(given for given, _ in totals)
    output = sum(made for _, made in totals)
    return {
        "total_prompt": prompt,
        "total_output": output,
        "total": prompt + output,
        "per_llm_call": statistics_of(sum(total) for total in totals if any(total)),
        "cache_creation_tokens": sum(usage.cache_creation or 0 for usage in counted),
        "cache_read_tokens": sum(usage.cache_read or 0 for usage in counted),
    }


def performance_of(
    forest: Forest, turns: Sequence[Turn], *, invocations: int
) -> JSONObject:
    """Measure one trace.

    Args:
        forest: the trace taken apart.
        turns: its turns, those included that could not be read.
        invocations: how many turns to report.

    Returns:
        The contract's block. Without turns the latency over all is that of the root
        spans, but no invocation is counted.
    """
    anchors = [turn.anchor for turn in turns] or list(forest.trace.roots)
    names = {run.view.tool_name for run in forest.tools}
    models = {run.request_model or run.response_model for run in forest.models}
    models |= {view.request_model for view in _unrecorded(turns)}
    return {
        "latency": {
            "overall": statistics_of(latency_ms(anchors)),
            "llm_calls": statistics_of(latency_ms(run.span for run in forest.models)),
            "tool_executions": statistics_of(
                latency_ms(run.span for run in forest.tools)
            ),
        },
        "tokens": token_block(_usages(forest, turns)),
        "counts": {
            "llm_calls": len(forest.models),
            "tool_calls": len(forest.tools),
            "invocations": invocations,
        },
        "models": sorted(model for model in models if model),
        "tool_names": sorted(name for name in names if name),
    }


def _usages(forest: Forest, turns: Iterable[Turn]) -> Iterable[Usage]:
    """Yield the tokens of model calls, and of agents where no call was recorded."""
    for model in forest.models:
        yield model.usage
    for view in _unrecorded(turns):
        yield view.usage


def _unrecorded(turns: Iterable[Turn]) -> Iterable[View]:
    """Yield the agents whose model calls left no span; they count themselves."""
    for turn in turns:
        owner = turn.owner
        if owner is not None and not turn.models:
            yield owner.view


def aggregate(conversations: Iterable[Conversation]) -> JSONObject:
    """Add the traces of a run up.

    Args:
        conversations: what was converted; those without numbers are passed over.

    Returns:
        The contract's run-level block: ``tokens``, ``counts``, ``models``,
        ``trace_count`` and ``latency``.
    """
    blocks = [c.performance for c in conversations if c.performance is not None]
    traces = len(blocks)
    prompt, output = (_total(blocks, "tokens", f"total_{kind}") for kind in _KINDS)
    llm_calls = _total(blocks, "counts", "llm_calls")
    tool_calls = _total(blocks, "counts", "tool_calls")
    return {
        "tokens": {
            "total_prompt": prompt,
            "total_output": output,
            "total": prompt + output,
            "avg_per_trace": {
                "prompt": _mean(prompt, traces),
                "output": _mean(output, traces),
            },
            "cache_creation_tokens": _total(blocks, "tokens", "cache_creation_tokens"),
            "cache_read_tokens": _total(blocks, "tokens", "cache_read_tokens"),
        },
        "latency": _latency_over(blocks),
        "counts": {
            "traces": traces,
            "total_llm_calls": llm_calls,
            "total_tool_calls": tool_calls,
            "avg_llm_calls_per_trace": _mean(llm_calls, traces),
            "avg_tool_calls_per_trace": _mean(tool_calls, traces),
        },
        "models": sorted({model for block in blocks for model in block["models"]}),
        "trace_count": traces,
    }


_KINDS = ("prompt", "output")


def _total(blocks: Iterable[JSONObject], section: str, key: str) -> int:
    return sum(block[section][key] for block in blocks)


def _mean(total: float, count: int) -> float:
    return total / count if count else 0.0


def _latency_over(blocks: Iterable[JSONObject]) -> JSONObject:
    overall = (block["latency"]["overall"] for block in blocks)
    medians = [stats["median"] for stats in overall if stats["count"]]
    if not medians:
        return {}
    whole = statistics_of(medians)
    return {"overall_per_trace": {key: whole[key] for key in ("p50", "p95", "p99")}}
