"""What asking needs of the network; whoever asks brings it along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from evaluation.values import Value

# A completion is a few kilobytes; whoever sends more is no judge.
MEGABYTE = 1024 * 1024
MAX_ANSWER_BYTES = 4 * MEGABYTE


class Response(Value, frozen=True, kw_only=True):
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class TransportError(Exception):
    """There was no HTTP answer; ``transient`` says whether to try again."""

    def __init__(self, message: str, *, transient: bool = True) -> None:
        """Keep the decision beside the text."""
        super().__init__(message)
        self.transient = transient


class AnswerTooLongError(TransportError):
    """The answer is longer than ``MAX_ANSWER_BYTES``; what is left was not read."""

    def __init__(self) -> None:
        """Say how long an answer may be; whoever asked knows who it was."""
        most = MAX_ANSWER_BYTES // MEGABYTE
        super().__init__(f"sent more than {most} MB", transient=False)


class Transport(Protocol):
    """Makes requests. Called from several threads."""

    def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
        is_foreign: bool,
    ) -> Response:
        """Make one request to the end of its answer.

        ``is_foreign`` when the address comes from an evaluator's entry: whoever lets
        others name addresses has to guard against some.

        Raises:
            TransportError: there is no complete answer.
        """

    def close(self) -> None:
        """Close idle connections."""
