"""What a judge has cost."""

from __future__ import annotations

from evaluation.judging.model import Answer, Reply
from evaluation.values import JSONObject


class Bill:
    """Adds up tokens, requests and dollars."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._prompt = self._output = self._calls = self._cached = 0
        self._cost_usd = 0.0
        self._is_priced = True

    def add(self, reply: Reply) -> None:
        """Count a reply; one from the cache was paid for earlier."""
        self._calls += reply.calls
        if isinstance(reply, Answer) and reply.cached:
            self._cached += 1
            return
        self._prompt += reply.prompt_tokens
        self._output += reply.output_tokens
        has_price = reply.cost_usd is not None
        self._is_priced &= has_price or not (reply.prompt_tokens or reply.output_tokens)
        self._cost_usd += reply.cost_usd or 0.0

    def render(self) -> JSONObject:
        """Return the sums; ``cost_usd`` is None unless every price is known."""
        return {
            "prompt": self._prompt,
            "output": self._output,
            "total": self._prompt + self._output,
            "calls": self._calls,
            "cached": self._cached,
            "cost_usd": self._cost_usd if self._is_priced else None,
        }
