"""Whole-process time and memory of ``agentevals run``, beside the peer.

python tests/benchmarks/command.py --peer VENV, where ``VENV/bin/agentevals`` is
``agentevals-cli==0.8.1`` with its extra for evaluation. Prints medians and ratios and
asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
METRICS = ("tool_trajectory_avg_score", "response_match_score")
# The kernel counts the peak in kibibytes, macOS in bytes.
RSS_UNITS_PER_MB = 1_048_576 if sys.platform == "darwin" else 1_024


class Cost(NamedTuple):
    """What one process took."""

    seconds: float
    peak_mb: float


def main() -> None:
    """Measure both programs in turn, so that a busy machine slows both alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="virtual environment of the peer")
    parser.add_argument("--repetitions", type=int, default=7)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        compare(said.peer, said.repetitions, environment(cache))


def environment(cache: str) -> dict[str, str]:
    """Let both programs keep their bytecode, as on a machine where they are used."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": cache}


def compare(peer: Path | None, repetitions: int, env: dict[str, str]) -> None:
    """Measure every metric and show what it took."""
    programs = {"ours": Path(sys.executable).parent / "agentevals"}
    if peer:
        programs["peer"] = peer / "bin" / "agentevals"
    for metric in METRICS:
        costs: dict[str, list[Cost]] = {name: [] for name in programs}
        for repetition in range(repetitions + 1):
            for name, program in programs.items():
                cost = measure(program, metric, env)
                if repetition:  # the first one compiles and warms the disk's cache
                    costs[name].append(cost)
        show(metric, {name: medians(found) for name, found in costs.items()})


def measure(program: Path, metric: str, env: dict[str, str]) -> Cost:
    """Run the sample once and wait for what it took."""
    trace, eval_set = SAMPLES / "helm.json", SAMPLES / "eval_set_helm.json"
    command = [str(program), "run", str(trace), "-e", str(eval_set), "-m", metric]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "-o", "json"],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.stderr.write(f"{program} ended with {process.returncode}\n")
    return Cost(seconds, usage.ru_maxrss / RSS_UNITS_PER_MB)


def medians(costs: Sequence[Cost]) -> Cost:
    """Return the median of each column."""
    columns = zip(*costs, strict=True)
    return Cost(*(statistics.median(column) for column in columns))


def show(metric: str, found: dict[str, Cost]) -> None:
    """Print one line a program and the ratio."""
    lines = [
        f"{metric:27} {name}  {cost.seconds * 1_000:7.0f} ms {cost.peak_mb:6.0f} MB"
        for name, cost in found.items()
    ]
    if "peer" in found:
        ours, peer = found["ours"], found["peer"]
        lines.append(
            f"{metric:27} peer/ours: time {peer.seconds / ours.seconds:.1f}, "
            f"memory {peer.peak_mb / ours.peak_mb:.1f}"
        )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
