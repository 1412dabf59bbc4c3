"""One run's use of judges: what it may still spend, and whether it still wants answers."""

from __future__ import annotations

import threading

from evaluation.judging.model import Limits, Question
from evaluation.judging.prices import Price

CHARACTERS_PER_TOKEN = 3  # on the safe side for English and code


class BudgetExceededError(Exception):
    """One more request would pass a limit; the text says which."""


class Budget:
    """What a run may still spend; counts for all threads that ask for it."""

    def __init__(self, limits: Limits) -> None:
        """Start with nothing spent."""
        self._limits = limits
        self._settled = threading.Condition()
        self._calls = 0
        self._spent_usd = 0.0
        self._reserved_usd = 0.0
        self._promises = 0

    def reserve(self, question: Question, price: Price | None) -> float:
        """Set aside one request and what it may cost, before it is sent.

        Parallel samples reserve one after the other, so that together they cannot pass
        a limit either. What is set aside is the worst case: where only that stands in
        the way, the request waits until others have told what they really cost.

        Raises:
            BudgetExceededError: the limits do not allow the request.
        """
        worst = self._worst_usd(question, price)
        with self._settled:
            self._settled.wait_for(lambda: not self._reserved_usd or self._fits(worst))
            most = self._limits.max_calls
            if most is not None and self._calls >= most:
                raise BudgetExceededError(
                    f"The run may make {most} calls to judges (maxJudgeCalls), "
                    "and has made them."
                )
            self._check_cost(worst)
            self._calls += 1
            self._promises += 1
            self._reserved_usd += worst
        return worst

    def settle(self, reserved_usd: float, spent_usd: float | None) -> None:
        """Replace what was set aside by what a request has cost."""
        with self._settled:
            self._promises -= 1
            # Sums of fractions leave dust, and dust would be waited for.
            self._reserved_usd = (
                self._reserved_usd - reserved_usd if self._promises else 0.0
            )
            self._spent_usd += spent_usd or 0.0
            self._settled.notify_all()

    def _fits(self, worst: float) -> bool:
        most = self._limits.max_cost_usd
        return most is None or self._spent_usd + self._reserved_usd + worst <= most

    def _check_cost(self, worst: float) -> None:
        if not self._fits(worst):
            raise BudgetExceededError(
                f"The run may spend {self._limits.max_cost_usd:g} US dollars on judges "
                f"(maxCostUsd); {self._spent_usd:.6f} are spent, and the next call may "
                f"cost {worst:.6f}."
            )

    def _worst_usd(self, question: Question, price: Price | None) -> float:
        if self._limits.max_cost_usd is None:
            return 0.0
        if price is None:
            raise BudgetExceededError(
                "maxCostUsd is given, but the price of the judge model is not known; "
                "add it to 'judgePrices'."
            )
        return price.cost_usd(
            prompt=len(question.prompt) // CHARACTERS_PER_TOKEN + 1,
            output=question.max_tokens,
        )


class Session:
    """Somebody who waits for answers: a run, or one round of questions of it."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Start with nothing spent."""
        self.budget = Budget(limits or Limits())
        self._closed = threading.Event()
        self._parent: Session | None = None

    def part(self) -> Session:
        """Return a session of the same budget that can be closed on its own."""
        part = Session()
        part.budget = self.budget
        part._parent = self
        return part

    def close(self) -> None:
        """Want no more answers."""
        self._closed.set()

    def is_closed(self) -> bool:
        """Whether no more answers are wanted."""
        above = self._parent is not None and self._parent.is_closed()
        return above or self._closed.is_set()

    def wait(self, seconds: float) -> None:
        """Pause, unless answers are not wanted any more."""
        self._closed.wait(seconds)
