"""The requests that are made for one question, until there is an answer or none to be had."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from evaluation.judging import chat
from evaluation.judging.gate import Gate, GivenUpError
from evaluation.judging.model import Answer, Failure, FailureKind, Question, Reply
from evaluation.judging.prices import Price, price_of
from evaluation.judging.providers import Endpoint
from evaluation.judging.retrying import (
    OK,
    RetryPolicy,
    is_transient,
    refusal_kind,
    retry_after_s,
)
from evaluation.judging.session import BudgetExceededError, Session
from evaluation.judging.transport import (
    AnswerTooLongError,
    Response,
    Transport,
    TransportError,
)
from evaluation.values import JSONObject

TOO_MANY_REQUESTS = 429
# A shorter key is a word that a local server wants to see, and may stand anywhere.
MIN_KEY = 8
# How servers say that they cannot do what a parameter asks for.
PARAMETER_REFUSALS = frozenset({400, 404, 415, 422})
# What their complaints call it.
NAMES = {
    "response_format": r"response_format|json_schema|structured output|\bschema\b",
    "temperature": r"temperature",
    "seed": r"\bseed\b",
    "max_tokens": r"max_tokens|max_completion_tokens",
}


@dataclass(eq=False, kw_only=True, slots=True)
class Way:
    """The way to one model. ``omitted`` are parameters that it has refused."""

    endpoint: Endpoint
    gate: Gate
    transport: Transport
    policy: RetryPolicy
    now: Callable[[], float]
    today: Callable[[], datetime]
    omitted: frozenset[str] = field(default_factory=frozenset)


def try_question(question: Question, way: Way, session: Session) -> Reply:
    """Ask until there is an answer, or none is to be had."""
    tries = _Tries(question, way, session)
    try:
        return tries.run()
    except GivenUpError:
        return tries.failure("exhausted", "Nobody waits for the answer any more.")
    except BudgetExceededError as error:
        return tries.failure("budget_exceeded", str(error))


class _Tries:
    """The state of one question: what was tried and what came of it."""

    def __init__(self, question: Question, way: Way, session: Session) -> None:
        self._question = question
        self._way = way
        self._session = session
        self._price: Price | None = price_of(way.endpoint.model, question.prices)
        self._calls = 0
        self._trouble = ""
        self._started = 0.0

    def run(self) -> Reply:
        """Try, with pauses, as often as the policy says."""
        for attempt in range(1, self._way.policy.attempts + 1):
            with self._way.gate.passing(self._session.is_closed):
                found = self._try(attempt)
            if not isinstance(found, float):
                return found
            if attempt < self._way.policy.attempts:
                self._session.wait(found)
        return self.failure(
            "exhausted",
            f"The judge at {self._way.endpoint.base_url} did not answer: "
            f"{self._trouble} (tried {self._calls} times).",
        )

    def failure(self, kind: FailureKind, message: str) -> Failure:
        """Say why there is no answer."""
        return Failure(kind=kind, message=message, calls=self._calls)

    def _try(self, attempt: int) -> Reply | float:
        """Return a reply that is final, or the seconds to wait for another try."""
        try:
            response = self._post_what_is_taken()
        except AnswerTooLongError as error:
            return self.failure("unusable", self._too_long(error))
        except TransportError as error:
            if not error.transient:
                return self.failure("refused", str(error))
            self._trouble = str(error)
            return self._way.policy.delay_s(attempt, None, random.random)
        if response.status in OK:
            self._way.gate.answered()
            return self._reply(chat.read(response.body))
        self._trouble = f"HTTP {response.status}: {chat.complaint(response.body)}"
        if not is_transient(response.status):
            return self.failure(refusal_kind(response.status), self._refusal())
        return self._pause_s(attempt, response)

    def _pause_s(self, attempt: int, response: Response) -> float:
        """Return how long to wait; a provider that asks for a pause gets it from all."""
        asked_s = retry_after_s(response.headers, today=self._way.today())
        delay_s = self._way.policy.delay_s(attempt, asked_s, random.random)
        if response.status == TOO_MANY_REQUESTS or asked_s is not None:
            self._way.gate.close_for(delay_s)
            return 0.0
        return delay_s

    def _post_what_is_taken(self) -> Response:
        """Post; leave out what the model does not know, as long as it complains."""
        omitted = self._way.omitted
        while True:
            asked = chat.parameters(self._question)
            asked = {k: v for k, v in asked.items() if k not in omitted}
            response = self._post(asked)
            refused = _refused(response, asked)
            if not refused:
                break
            omitted |= refused
        if response.status in OK:
            self._way.omitted = omitted
        return response

    def _post(self, asked: JSONObject) -> Response:
        endpoint = self._way.endpoint
        reserved = self._session.budget.reserve(self._question, self._price)
        spent: float | None = None
        self._calls += 1
        self._started = self._way.now()
        try:
            response = self._way.transport.post(
                chat.url(endpoint),
                headers=chat.headers(endpoint),
                body=chat.body(self._question, endpoint, asked),
                timeout_s=self._way.policy.timeout_s,
                is_foreign=endpoint.is_foreign,
            )
            response = _without_key(response, endpoint.key)
            if response.status in OK:
                spent = self._cost(chat.read(response.body))
            return response
        finally:
            self._session.budget.settle(reserved, spent)

    def _reply(self, found: chat.Usable | chat.Unusable) -> Reply:
        if isinstance(found, chat.Unusable):
            return Failure(
                kind="unusable",
                message=found.reason,
                prompt_tokens=found.prompt_tokens,
                output_tokens=found.output_tokens,
                cost_usd=self._cost(found),
                calls=self._calls,
            )
        return Answer(
            text=found.text,
            model=found.model or self._way.endpoint.model,
            base_url=self._way.endpoint.base_url,
            prompt_tokens=found.prompt_tokens,
            output_tokens=found.output_tokens,
            cost_usd=self._cost(found),
            latency_ms=(self._way.now() - self._started) * 1_000,
            calls=self._calls,
        )

    def _cost(self, found: chat.Usable | chat.Unusable) -> float | None:
        if self._price is None:
            return None
        return self._price.cost_usd(
            prompt=found.prompt_tokens, output=found.output_tokens
        )

    def _refusal(self) -> str:
        return (
            f"The judge at {self._way.endpoint.base_url} refused "
            f"model {self._way.endpoint.model!r}: {self._trouble}"
        )

    def _too_long(self, error: AnswerTooLongError) -> str:
        return (
            f"The judge at {self._way.endpoint.base_url} {error} in answer to a question "
            f"for model {self._way.endpoint.model!r}, where a verdict takes some kB. Name "
            "the address of a server that speaks OpenAI's protocol, or another model."
        )


def _without_key(response: Response, key: str | None) -> Response:
    """Cover the key where a server repeats it: its words are shown to whoever asked."""
    if not key or len(key) < MIN_KEY or key.encode() not in response.body:
        return response
    body = response.body.replace(key.encode(), b"REDACTED")
    return msgspec.structs.replace(response, body=body)


def _refused(response: Response, asked: JSONObject) -> frozenset[str]:
    """Return the parameters to leave out next time: those complained about.

    A shape for the answer is what servers understand least and name least clearly.
    """
    if response.status not in PARAMETER_REFUSALS:
        return frozenset()
    said = chat.complaint(response.body)
    named = {
        name
        for name, pattern in NAMES.items()
        if name in asked and re.search(pattern, said, re.IGNORECASE)
    }
    return frozenset(named or {"response_format"} & asked.keys())
