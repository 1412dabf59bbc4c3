"""What running a program comes to, whoever does it."""

from __future__ import annotations

from typing import Literal, Protocol

from evaluation.values import Value

Reason = Literal["exited", "unstartable", "timeout", "output", "memory", "processes"]


class Ending(Value, frozen=True, kw_only=True):
    """How a program ended: by itself with a ``status``, or by a limit.

    ``status`` is negative for a signal's number. ``stderr`` is the end of what it wrote
    there, or why it could not be started.
    """

    reason: Reason
    status: int
    stdout: bytes
    stderr: str


class CodeRunner(Protocol):
    """Runs evaluators that are files."""

    def run(self, path: str, payload: bytes, *, timeout_s: float) -> Ending:
        """Run the evaluator at ``path`` with ``payload`` as its input.

        Raises:
            EvaluationError: it cannot be run here.
        """
