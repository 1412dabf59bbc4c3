"""Asking judges for the evaluator processes of this server: connection, keys, cache."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import Error, connection

from evaluation.judging.asking import Asker
from evaluation.judging.caching import Cache, NoCache
from evaluation.judging.chat import Usable
from evaluation.judging.providers import Directory
from evaluation.judging.retrying import RetryPolicy
from evaluation.judging.transport import (
    MAX_ANSWER_BYTES,
    AnswerTooLongError,
    Response,
    TransportError,
)
from results.models import JudgeAnswer
from results.recording import storable
from runs.egress.client import Client
from runs.egress.errors import EgressError
from runs.egress.policy import AddressPolicy

logger = logging.getLogger(__name__)

ANYWHERE = AddressPolicy.parse(["0.0.0.0/0", "::/0"])


def make_asker() -> Asker:
    """Return who asks judges in this process; nothing is opened before the first."""
    return Asker(
        GuardedTransport(
            trusted=Client(ANYWHERE), foreign=Client(settings.ADDRESS_POLICY)
        ),
        directory(),
        cache=make_cache(),
        policy=RetryPolicy(timeout_s=settings.JUDGE_TIMEOUT_S),
        concurrency=settings.JUDGE_CONCURRENCY,
    )


def directory() -> Directory:
    """Return where this server's judges are, and their keys."""
    return Directory(environment=settings.JUDGE_ENVIRONMENT, grants=settings.JUDGE_KEYS)


def make_cache() -> Cache:
    """Return where answers are kept, if they are."""
    age = settings.JUDGE_CACHE_AGE
    return DatabaseCache(age) if settings.DURABLE and age else NoCache()


class GuardedTransport:
    """The operator's judges may be anywhere, a client's only where the policy allows."""

    def __init__(self, *, trusted: Client, foreign: Client) -> None:
        """Open nothing yet."""
        self._trusted = trusted
        self._foreign = foreign

    def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
        is_foreign: bool,
    ) -> Response:
        """Make one request; ``timeout_s`` bounds all of it.

        Raises:
            TransportError: the address is off limits, or there is no complete answer.
        """
        client = self._foreign if is_foreign else self._trusted
        try:
            reply = client.call(
                "POST",
                url,
                headers=headers,
                content=body,
                timeout_s=timeout_s,
                max_bytes=MAX_ANSWER_BYTES,
            )
        except EgressError as error:
            raise TransportError(str(error), transient=error.transient) from error
        if reply.is_cut:
            raise AnswerTooLongError
        return Response(status=reply.status, headers=reply.headers, body=reply.body)

    def close(self) -> None:
        """Close idle connections."""
        self._trusted.close()
        self._foreign.close()


class DatabaseCache:
    """Answers in the database, shared by all workers. Without it nothing is kept."""

    def __init__(self, age: timedelta) -> None:
        """Keep answers for so long."""
        self._age = age

    def get(self, key: str) -> Usable | None:
        """Return a kept answer."""
        try:
            found = JudgeAnswer.objects.not_older_than(self._age).filter(pk=key).first()
        except Error as error:
            logger.warning("cannot look for a judge's answer: %s", error)
            return None
        finally:
            _let_go()
        if found is None:
            return None
        return Usable(
            text=found.text,
            model=found.model,
            prompt_tokens=found.prompt_tokens,
            output_tokens=found.output_tokens,
        )

    def put(self, key: str, answer: Usable) -> None:
        """Keep an answer; the newer of two counts."""
        row = JudgeAnswer(
            key=key,
            text=storable(answer.text),
            model=storable(answer.model),
            prompt_tokens=answer.prompt_tokens,
            output_tokens=answer.output_tokens,
        )
        try:
            JudgeAnswer.objects.bulk_create(
                [row],
                update_conflicts=True,
                unique_fields=["key"],
                update_fields=[
                    "text",
                    "model",
                    "prompt_tokens",
                    "output_tokens",
                    "created_at",
                ],
            )
        except Error as error:
            logger.warning("cannot keep a judge's answer: %s", error)
        finally:
            _let_go()


def _let_go() -> None:
    """Give the connection back: the thread that asks is about to end."""
    if not connection.in_atomic_block:
        connection.close()
