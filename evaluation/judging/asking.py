"""Asking judges on behalf of many: what they share, and one answer at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from evaluation.judging.caching import Cache, NoCache, cache_key, is_worth_keeping
from evaluation.judging.chat import Usable
from evaluation.judging.gate import Gate
from evaluation.judging.model import Answer, Failure, Question, Reply
from evaluation.judging.providers import Directory, Endpoint, ProviderError
from evaluation.judging.retrying import RetryPolicy
from evaluation.judging.session import Session
from evaluation.judging.transport import Transport
from evaluation.judging.trying import Way, try_question

DEFAULT_CONCURRENCY = 8


class Asker:
    """Asks judges for everybody in this process: they share pauses, limits, cache."""

    def __init__(
        self,
        transport: Transport,
        directory: Directory,
        *,
        cache: Cache | None = None,
        policy: RetryPolicy | None = None,
        concurrency: int = DEFAULT_CONCURRENCY,
        now: Callable[[], float] = time.monotonic,
        today: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Open nothing; ``concurrency`` is for each provider."""
        self._transport = transport
        self._directory = directory
        self._cache = cache or NoCache()
        self._policy = policy or RetryPolicy()
        self._concurrency = concurrency
        self._now = now
        self._today = today
        self._lock = threading.Lock()
        self._ways: dict[Endpoint, Way] = {}
        self._gates: dict[str, Gate] = {}

    def answer(self, question: Question, session: Session) -> Reply:
        """Answer one question or say why not."""
        try:
            endpoint = self._directory.endpoint(question.target)
        except ProviderError as error:
            return Failure(kind=error.kind, message=str(error))
        key = cache_key(question, endpoint)
        kept = self._cache.get(key)
        if kept is not None:
            return _from_cache(kept, endpoint)
        tried = try_question(question, self._way(endpoint), session)
        if isinstance(tried, Answer) and is_worth_keeping(question, tried.text):
            self._cache.put(
                key,
                Usable(
                    text=tried.text,
                    model=tried.model,
                    prompt_tokens=tried.prompt_tokens,
                    output_tokens=tried.output_tokens,
                ),
            )
        return tried

    def close(self) -> None:
        """Close idle connections."""
        self._transport.close()

    def wake(self) -> None:
        """Have everybody who waits look whether they still want to."""
        for gate in list(self._gates.values()):
            gate.wake()

    def _way(self, endpoint: Endpoint) -> Way:
        """Return what is shared by all who ask this model, at this address, by this key."""
        with self._lock:
            if endpoint.base_url not in self._gates:
                self._gates[endpoint.base_url] = Gate(self._concurrency, self._now)
            if endpoint not in self._ways:
                self._ways[endpoint] = Way(
                    endpoint=endpoint,
                    gate=self._gates[endpoint.base_url],
                    transport=self._transport,
                    policy=self._policy,
                    now=self._now,
                    today=self._today,
                )
            return self._ways[endpoint]


def _from_cache(kept: Usable, endpoint: Endpoint) -> Answer:
    return Answer(
        text=kept.text,
        model=kept.model or endpoint.model,
        base_url=endpoint.base_url,
        prompt_tokens=kept.prompt_tokens,
        output_tokens=kept.output_tokens,
        cost_usd=0.0,
        cached=True,
        calls=0,
    )
