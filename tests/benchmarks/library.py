"""Load + convert + score in process: beside the peer, and as the input grows.

python tests/benchmarks/library.py [--peer VENV], where VENV holds ``agentevals-cli==0.8.1``.
Prints medians, ratios and peaks of memory, and asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evaluation.config import parse_config
from evaluation.evaluating import Document, evaluate_documents
from evaluation.garbage import collect_seldom

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
TRACE, EVAL_SET = SAMPLES / "helm.json", SAMPLES / "eval_set_helm.json"
CONFIG = parse_config({"metrics": ["tool_trajectory_avg_score"]})
TRACES = (1, 10, 100, 1_000)
SPANS = (100, 1_000, 10_000, 100_000)
WARM = 20
KEPT = ("gcp.", "gen_ai.", "otel.scope.")
MAX_TAG = 200
# What the peer's own command does after its imports, timed inside its process.
PEER = """
import asyncio, statistics, sys, time
from agentevals.config import EvalRunConfig
from agentevals.runner import run_evaluation
config = EvalRunConfig(trace_files=[sys.argv[1]], eval_set_file=sys.argv[2])
def once():
    started = time.perf_counter()
    asyncio.run(run_evaluation(config))
    return time.perf_counter() - started
once()
print(statistics.median(once() for _ in range(int(sys.argv[3]))))
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="virtual environment of the peer")
    said = parser.parse_args()
    collect_seldom()  # as the command and the worker's evaluators do
    say(f"{TRACE.name}, {TRACE.stat().st_size / 1000:.0f} kB, trajectory metric, warm")
    ours = median_s(lambda: evaluate([TRACE.read_bytes()]), WARM)
    say(f"  ours {ours * 1000:8.2f} ms")
    if said.peer:
        peer = peer_s(said.peer)
        say(f"  peer {peer * 1000:8.2f} ms   ratio {ours / peer:.2f}")
    grow("traces", TRACES, many_traces)
    grow("spans", SPANS, many_spans)


def evaluate(contents: list[bytes]) -> None:
    """Go the whole way once."""
    documents = [Document(name=str(n), content=c) for n, c in enumerate(contents)]
    result = evaluate_documents(
        documents,
        eval_set=EVAL_SET.read_bytes(),
        config=CONFIG,
        now=time.monotonic,
    )
    if not result.trace_results:
        raise SystemExit(f"nothing was evaluated: {result.errors}")


def median_s(work: Callable[[], object], repetitions: int) -> float:
    """Return the median time of ``work`` after one warm-up."""
    work()
    times = []
    for _ in range(repetitions):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def peer_s(folder: Path) -> float:
    """Return the peer's warm median."""
    command = [folder / "bin" / "python", "-c", PEER, TRACE, EVAL_SET, str(WARM)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def grow(what: str, sizes: tuple[int, ...], make: Callable[[int], list[bytes]]) -> None:
    """Print what grows with the input: linear is a constant last column."""
    say(f"\n{what:>8}  {'MB in':>7}  {'seconds':>8}  {'peak MB':>8}  us each")
    for size in sizes:
        contents = make(size)
        seconds = median_s(lambda c=contents: evaluate(c), 1)  # type: ignore[misc]
        megabytes = sum(map(len, contents)) / 1e6
        peak = peak_mb(lambda c=contents: evaluate(c))  # type: ignore[misc]
        each = seconds / size * 1e6
        say(f"{size:8}  {megabytes:7.2f}  {seconds:8.3f}  {peak:8.1f}  {each:7.1f}")


def peak_mb(work: Callable[[], object]) -> float:
    """Return the peak of what Python allocated for ``work``."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def many_traces(count: int) -> list[bytes]:
    """Return that many documents of one trace each, with ids of their own."""
    content = TRACE.read_text()
    own = json.loads(content)["data"][0]["traceID"]
    return [content.replace(own, f"{n:032x}").encode() for n in range(count)]


def many_spans(count: int) -> list[bytes]:
    """Return one trace of that many spans: turns of the sample, one after another."""
    (trace,) = json.loads(TRACE.read_bytes())["data"]
    copies = -(-count // len(trace["spans"]))
    spans = [shifted(span, n) for n in range(copies) for span in trace["spans"]]
    document = {"data": [{**trace, "spans": spans[:count]}]}
    return [json.dumps(document).encode()]


def shifted(span: dict[str, Any], copy: int) -> dict[str, Any]:
    """Return a span of another turn: later, and with ids of its own."""
    references = [
        {**reference, "spanID": f"{copy:04x}{reference['spanID'][4:]}"}
        for reference in span["references"]
    ]
    return {
        **span,
        "spanID": f"{copy:04x}{span['spanID'][4:]}",
        "startTime": span["startTime"] + copy * 60_000_000,
        "references": references,
        # Without the noise and the long texts, so that the limit of 64 MiB is kept.
        "tags": [
            tag
            for tag in span["tags"]
            if tag["key"].startswith(KEPT) and len(str(tag["value"])) < MAX_TAG
        ],
    }


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
