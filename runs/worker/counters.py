"""What a worker counts, from its start on."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from evaluation.values import JSONObject

# Upper bounds of the histogram of the time from submission to claim, in seconds.
LATENCY_BUCKETS_S = (
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    60.0,
    600.0,
)


class Counters:
    """Totals by name; the two that matter are alarms.

    ``stale_writes_refused`` counts writes that came after the lease was lost,
    ``leases_lost`` work that was dropped because its lease was.
    """

    def __init__(self) -> None:
        """Start at zero."""
        self._totals: Counter[str] = Counter()
        self._latency_s = 0.0
        self._buckets: Counter[float] = Counter()

    def add(self, name: str, count: int = 1) -> None:
        """Count something."""
        self._totals[name] += count

    def claimed(self, waited: timedelta) -> None:
        """Count a claim and how long the run was due."""
        waited_s = max(0.0, waited.total_seconds())
        self._totals["claimed"] += 1
        self._latency_s += waited_s
        bound = next((b for b in LATENCY_BUCKETS_S if waited_s <= b), float("inf"))
        self._buckets[bound] += 1

    def snapshot(self) -> JSONObject:
        """Return the totals; ``claim_latency_buckets`` is cumulative, as Prometheus has it."""
        below, buckets = 0, {}
        for bound in LATENCY_BUCKETS_S:
            below += self._buckets[bound]
            buckets[str(bound)] = below
        return {
            **dict(self._totals),
            "claim_latency_s": round(self._latency_s, 6),
            "claim_latency_buckets": buckets,
        }
