"""What running a program comes to, whoever does it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from evaluation.config.model import EvaluatorSpec
from evaluation.values import Value

Reason = Literal["exited", "unstartable", "timeout", "output", "memory", "processes"]


class Ending(Value, frozen=True, kw_only=True):
    """How a program ended: by itself with a ``status``, or by a limit.

    ``status`` is negative for a signal's number. ``stderr`` is the end of what it wrote
    there, or why it could not be started. ``wall_s`` is how long it was given.
    """

    reason: Reason
    status: int
    stdout: bytes
    stderr: str
    wall_s: float


class Rules(Value, frozen=True, kw_only=True):
    """What evaluators may do.

    ``folder`` is the only one they may lie in; None for anywhere. Those that are
    ``confined`` run in a folder of their own, write nowhere else and reach no TCP port,
    as far as the kernel can see to that; others run where the caller is. ``fetched`` is
    where remote ones lie; None if there may be none. ``trusted`` ones are given the
    variables of the environment that they ask for.
    """

    folder: str | None = None
    fetched: str | None = None
    confined: bool = True
    trusted: bool = False
    memory_mb: int = 1024
    max_timeout_s: float = 300.0


class CodeRunner(Protocol):
    """Runs evaluators that are files."""

    def find(self, path: str) -> Path:
        """Return the file that a configuration's path means.

        Raises:
            EvaluationError: there is none, or it may not be run here.
        """

    def find_fetched(self, spec: EvaluatorSpec) -> Path:
        """Return the file of a remote evaluator, which is the one that was pinned.

        Raises:
            EvaluationError: it is not here, not pinned, or not what it should be.
        """

    def run(
        self,
        place: Path,
        payload: bytes,
        *,
        timeout_s: float,
        environment: Sequence[str] = (),
    ) -> Ending:
        """Run the evaluator in the file ``place`` with ``payload`` as its input.

        ``environment`` names the variables that it asks for.

        Raises:
            EvaluationError: it cannot be run here.
        """
