"""What tokens cost: price tables by model, and sums."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from evaluation.values import Value

TOKENS_PER_PRICE = 1_000_000


class Price(Value, frozen=True, kw_only=True):
    """US dollars for a million tokens."""

    input: float
    output: float

    def cost_usd(self, *, prompt: int, output: int) -> float:
        """Return what these tokens cost."""
        return (prompt * self.input + output * self.output) / TOKENS_PER_PRICE


def price_of(model: str, table: Mapping[str, Mapping[str, float]]) -> Price | None:
    """Return a model's price; None if neither it nor a shorter name is in the table."""
    found = longest_name(model, [*table, *(name.partition("/")[2] for name in table)])
    prices = table.get(found) or next(
        (table[name] for name in table if found and name.endswith(f"/{found}")), None
    )
    return Price(input=prices["input"], output=prices["output"]) if prices else None


def longest_name(model: str, names: Iterable[str]) -> str:
    """Find the model, or its name without a version (``name-2025-04-14``); or ""."""
    fitting = [
        name
        for name in names
        if name and (model == name or re.match(re.escape(name) + r"[-:@]", model))
    ]
    return max(fitting, key=len, default="")
