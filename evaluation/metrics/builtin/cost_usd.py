"""US dollars that a conversation's model calls cost."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.conversation.model import Invocation, ModelCall
from evaluation.errors import EvaluationError
from evaluation.judging.prices import longest_name
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.usage import counted_calls

TOKENS_PER_PRICE = 1_000_000

Prices = Mapping[str, float]


class PriceMissingError(EvaluationError):
    """The price table does not know a model that was called."""

    code = "price_missing"


def measure(task: Task) -> Measurement:
    """Sum tokens times price over the conversation.

    One turn whose tokens were not recorded leaves the whole sum unknown: a part of the
    cost would look like a cheap conversation.
    """
    table: Mapping[str, Prices] = task.options["prices"]
    costs = [_turn_cost(turn, table) for turn in task.turns]
    known = [cost for cost in costs if cost is not None]
    return Measurement(
        score=sum(known) if len(known) == len(costs) else None,
        per_invocation=costs,
        explanation={"turns_without_tokens": len(costs) - len(known)},
    )


def _turn_cost(turn: Invocation, table: Mapping[str, Prices]) -> float | None:
    calls = counted_calls(turn)
    if calls is None:
        return None
    return sum(_call_cost(call, _prices_of(call, table)) for call in calls)


def _call_cost(call: ModelCall, prices: Prices) -> float:
    usage = call.usage
    read, created = usage.cache_read or 0, usage.cache_creation or 0
    full = max(0, (usage.input or 0) - read - created)
    amounts = (
        full * prices["input"],
        read * prices.get("cache_read", prices["input"]),
        created * prices.get("cache_creation", prices["input"]),
        (usage.output or 0) * prices["output"],
    )
    return sum(amounts) / TOKENS_PER_PRICE


def _prices_of(call: ModelCall, table: Mapping[str, Prices]) -> Prices:
    models = [name for name in (call.response_model, call.request_model) if name]
    for model in models:
        found = longest_name(model, table)
        if found:
            return table[found]
    known = ", ".join(sorted(table)) or "nothing"
    raise PriceMissingError(
        f"No price for model {' or '.join(map(repr, models)) or '(unnamed)'}; "
        f"add it to 'prices', which knows {known}."
    )
