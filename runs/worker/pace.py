"""How fast runs are evaluated, and so how many may be claimed before a process is free."""

from __future__ import annotations

# What is claimed ahead should find a free process in this time.
AHEAD_S = 0.1
AHEAD_PER_PROCESS = 4
# Many processes would take turns often enough for longer runs too, but not when all have
# just begun; and what waits in vain for a second counts as a run of a second.
SHORT_S = 0.5
# How much the last run counts for, of all.
WEIGHT = 0.25


class Pace:
    """The mean duration of the last runs, in seconds; unknown before the first."""

    def __init__(self) -> None:
        """Know nothing yet, and so claim nothing ahead."""
        self._mean_s: float | None = None

    def note(self, duration_s: float) -> None:
        """Learn how long a run took."""
        mean_s = duration_s if self._mean_s is None else self._mean_s
        self._mean_s = mean_s + WEIGHT * (duration_s - mean_s)

    def ahead(self, processes: int) -> int:
        """Return how many runs may wait for one of so many processes."""
        if self._mean_s is None or self._mean_s > SHORT_S:
            return 0
        if self._mean_s * AHEAD_PER_PROCESS <= AHEAD_S:
            return processes * AHEAD_PER_PROCESS
        return int(processes * AHEAD_S / self._mean_s)
