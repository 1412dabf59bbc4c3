"""How long ``POST /api/evaluate`` takes, beside the peer.

python -m tests.benchmarks.evaluate_now [--peer VENV] [--requests N] [--trace FILE], where
VENV holds ``agentevals-cli[postgres]==0.8.1``. One client sends a trace with its eval set;
both servers store nothing. Rounds take turns, so that a busy machine slows both alike.
Prints medians and their ratio, and asserts nothing.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import time
from pathlib import Path

from agentevals_site.development.server import LOOPBACK
from tests.benchmarks.queue import load, write
from tests.benchmarks.servers import Served, serving
from tests.runs.multipart import CONTENT_TYPE, Part, encode

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
CONFIG = b'{"metrics": ["tool_trajectory_avg_score"]}'
WARM_UP = 10
ROUND = 10


class Contestant(Served):
    """A server that stores nothing, and one client that is connected to it."""

    def __init__(self, name: str, command: list[str], folder: Path) -> None:
        """Start it and wait until it answers."""
        super().__init__(name, command, folder, AGENTEVALS_STORAGE_BACKEND="memory")
        self.times_ms: list[float] = []
        self._client = http.client.HTTPConnection(LOOPBACK, self.port, timeout=60)

    def evaluate(self, body: bytes) -> float:
        """Send one request and return how long it took, in milliseconds."""
        started = time.perf_counter()
        headers = {"Content-Type": CONTENT_TYPE}
        self._client.request("POST", "/api/evaluate", body, headers)
        response = self._client.getresponse()
        answer = response.read()
        took_ms = (time.perf_counter() - started) * 1_000
        if response.status != http.client.OK or b"PASSED" not in answer:
            raise RuntimeError(f"{self.name}: {answer[:500]!r}")
        return took_ms

    def close(self) -> None:
        """Stop it as a user would."""
        self._client.close()
        super().close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="virtual environment of the peer")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--trace", type=Path, default=SAMPLES / "helm.json")
    said = parser.parse_args()
    body = form(said.trace)
    write(f"load average: {load()}, request of {len(body) // 1000} kB\n")
    with serving(said.peer, Contestant) as contestants:
        for contestant in contestants:
            for _ in range(WARM_UP):
                contestant.evaluate(body)
        for _ in range(said.requests // ROUND):
            for contestant in contestants:
                contestant.times_ms += [contestant.evaluate(body) for _ in range(ROUND)]
        show(contestants)


def form(trace: Path) -> bytes:
    """Return the request of a trace with the eval set of the sample."""
    golden = (SAMPLES / "eval_set_helm.json").read_bytes()
    return encode(
        [
            Part("trace_files", trace.read_bytes(), trace.name),
            Part("eval_set_file", golden, "golden.json"),
            Part("config", CONFIG),
        ]
    )


def show(contestants: list[Contestant]) -> None:
    """Print medians, tails and, beside the peer, the ratio."""
    for each in contestants:
        *_, p90 = statistics.quantiles(each.times_ms, n=10)
        least = min(each.times_ms)
        p50 = statistics.median(each.times_ms)
        write(f"{each.name:6} p50 {p50:.1f} ms   p90 {p90:.1f}   least {least:.1f}\n")
    if len(contestants) > 1:
        ours, peer = (statistics.median(each.times_ms) for each in contestants)
        write(f"ratio of medians: {ours / peer:.2f}\n")


if __name__ == "__main__":
    main()
