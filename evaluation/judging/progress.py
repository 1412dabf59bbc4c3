"""How far judges are, told seldom enough to be written down each time."""

from __future__ import annotations

from collections.abc import Callable

from evaluation.values import Value

# A run that is over before costs nothing; one that takes an hour is told of some 120 times.
SHORTEST_PAUSE_S = 1.0
PAUSE_SHARE = 0.05


class Judging(Value, frozen=True, kw_only=True):
    """How many answers of judges an attempt has got; the last was for this unit."""

    answers: int
    trace_id: str
    evaluator_name: str


class JudgingTeller:
    """Counts answers, and tells of them at most once a second.

    The longer it goes on the longer it pauses: a twentieth of the time that has gone by.
    """

    def __init__(
        self, now: Callable[[], float], tell: Callable[[Judging], None]
    ) -> None:
        """Begin; ``now`` is monotonic, in seconds."""
        self._now = now
        self._tell = tell
        self._answers = 0
        self._began = now()
        self._due = self._began + SHORTEST_PAUSE_S

    def heard(self, trace_id: str, evaluator_name: str) -> None:
        """Count an answer."""
        self._answers += 1
        now = self._now()
        if now < self._due:
            return
        self._due = now + max(SHORTEST_PAUSE_S, (now - self._began) * PAUSE_SHARE)
        self._tell(
            Judging(
                answers=self._answers, trace_id=trace_id, evaluator_name=evaluator_name
            )
        )
