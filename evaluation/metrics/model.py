"""What goes into a metric and what comes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from evaluation.conversation.model import Conversation, Invocation
from evaluation.eval_sets.model import EvalCase, ExpectedTurn
from evaluation.judging.together import Asks
from evaluation.metrics.alignment import Alignment, align
from evaluation.outcome import EvalStatus
from evaluation.values import JSONObject, Value


class Task(Value, frozen=True, kw_only=True):
    """One trace to measure.

    ``expected`` is None when there is no golden data; ``options`` are the checked
    options of the evaluator, with defaults left out. ``case`` is the case that the
    trace belongs to.
    """

    conversation: Conversation
    expected: tuple[ExpectedTurn, ...] | None = None
    options: JSONObject = {}
    case: EvalCase | None = None

    @property
    def turns(self) -> tuple[Invocation, ...]:
        """Return the turns of the trace."""
        return self.conversation.invocations

    @property
    def golden(self) -> tuple[ExpectedTurn, ...]:
        """Return the golden turns, none when there is no golden data."""
        return self.expected or ()

    def alignment(self) -> Alignment:
        """Say which golden turn belongs to which turn of the trace."""
        return align(self.turns, self.golden)


class Measurement(Value, frozen=True, kw_only=True):
    """What a metric measured.

    ``score`` is on the metric's own scale, None when nothing could be measured.
    ``per_invocation`` has one entry a turn of the trace. ``status`` is a verdict that
    does not come from the threshold. ``details`` is the contract's blob, ``explanation``
    tells people why the score is what it is. With an ``error`` nothing was measured, but
    what there is to tell, and what it cost, is told.
    """

    score: float | None
    status: EvalStatus | None = None
    per_invocation: list[float | None] = []
    details: JSONObject | None = None
    explanation: JSONObject = {}
    tokens_used: JSONObject | None = None
    error: str | None = None
    error_code: str | None = None


class Measure(Protocol):
    """What every metric module offers as ``measure``."""

    def __call__(self, task: Task) -> Measurement | Asks[Measurement]:
        """Measure one trace; who asks a judge is a coroutine."""


def mean(values: Sequence[float | None]) -> float | None:
    """Average what was measured: sum by count; None when nothing was."""
    measured = [value for value in values if value is not None]
    return sum(measured) / len(measured) if measured else None


def paired(task: Task) -> Iterator[tuple[Invocation, ExpectedTurn | None]]:
    """Walk the turns of the trace, each with its golden turn (None: unexpected)."""
    for actual, expected in task.alignment().pairs:
        yield (
            task.turns[actual],
            task.golden[expected] if expected is not None else None,
        )
