"""What a judge is asked and what comes back, as values that cross a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from evaluation.values import JSONObject, Value

FailureKind = Literal[
    "unknown_model",  # nobody knows where this model answers
    "no_key",  # the provider wants a key and there is none
    "auth",  # the provider refused the key
    "bad_request",  # the provider refused the question
    "exhausted",  # no answer in spite of every try
    "unusable",  # an answer that is no completion
    "budget_exceeded",
    "refused",  # the address or the key is off limits
    "unavailable",  # nobody here asks judges
]
# Faults of one answer: another sample may well be better.
PASSING: frozenset[FailureKind] = frozenset({"unusable"})


class Target(Value, frozen=True, kw_only=True):
    """Which judge to ask: what an evaluator's entry says of it.

    ``base_url`` and ``credential`` (the name of a key, never the key) are None where
    the entry leaves them to whoever asks; so is ``model``.
    """

    model: str | None = None
    base_url: str | None = None
    credential: str | None = None


class Question(Value, frozen=True, kw_only=True):
    """One prompt for one sample.

    ``schema`` asks for JSON of that shape where the provider can promise it.
    ``expects`` is a regular expression: only an answer that has it is worth keeping.
    ``prices`` are US dollars for a million tokens, by model and kind.
    ``sample`` tells apart questions that are otherwise equal; it seeds the model.
    """

    target: Target
    prompt: str
    schema: JSONObject | None = None
    expects: str = ""
    sample: int = 0
    max_tokens: int = 4096
    prices: JSONObject = {}


class Answer(Value, frozen=True, kw_only=True, tag="answer"):
    """What the judge said. ``calls`` counts requests made for it, 0 from the cache.

    Tokens are 0 where nobody counted; ``cost_usd`` is None without a price.
    """

    text: str
    model: str
    base_url: str = ""
    prompt_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    latency_ms: float = 0.0
    cached: bool = False
    calls: int = 1


class Failure(Value, frozen=True, kw_only=True, tag="failure"):
    """Why there is no answer; tokens count where the judge answered uselessly."""

    kind: FailureKind
    message: str
    prompt_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    calls: int = 0


Reply = Answer | Failure
NO_JUDGE = Failure(kind="unavailable", message="No judge is available here.")


class Arrival(Value, frozen=True, kw_only=True):
    """A reply, its round, and the position of its question in the round."""

    round: int
    position: int
    reply: Reply


class Limits(Value, frozen=True, kw_only=True):
    """What one run may spend on judges; None is without limit."""

    max_calls: int | None = None
    max_cost_usd: float | None = None


class Judge(Protocol):
    """Whoever asks judge models for an evaluation; used by one thread."""

    def ask(self, questions: Sequence[Question]) -> int:
        """Ask a round of questions, beside others; return its number."""

    def arrival(self) -> Arrival:
        """Wait for the next reply to any round; every question gets one."""

    def give_up(self, number: int) -> None:
        """Want no more replies to a round; what was not sent is not asked any more."""
