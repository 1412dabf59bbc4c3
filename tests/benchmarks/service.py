"""Runs a second through the whole service, beside the peer.

python -m tests.benchmarks.service [--peer VENV] [--repetitions N], where VENV holds
``agentevals-cli[postgres]==0.8.1``. Both serve on loopback with a PostgreSQL database of
their own (``DATABASE_URL`` or the wheel's); clients submit runs and wait until all of them
have ended in the database. Repetitions take turns, so that a busy machine slows both
alike. Prints medians with ranges, ratios and memory, and asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx2
import psycopg

from tests.benchmarks.queue import database, load, spread, write
from tests.benchmarks.servers import Served, serving
from tests.postgres import database_url

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
CLIENTS = 8
END_S = 300.0
BATCH = 100
ROUGE = "response_match_score"


class Work(NamedTuple):
    """A kind of run, and how many of them."""

    name: str
    trace: Any
    runs: int
    batch: int = 1
    metric: str = "tool_trajectory_avg_score"


class Contestant(Served):
    """A server with its database."""

    def __init__(self, name: str, command: list[str], url: str, folder: Path) -> None:
        """Start it and wait until it answers."""
        self._url = url
        super().__init__(
            name,
            command,
            folder,
            AGENTEVALS_STORAGE_BACKEND="postgres",
            AGENTEVALS_DATABASE_URL=url,
            AGENTEVALS_LOG_LEVEL="WARNING",
        )

    def runs_a_second(self, work: Work) -> float:
        """Submit everything and wait for the end of it."""
        done_before = self._ended()
        started = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            share = work.runs // CLIENTS
            list(pool.map(lambda _: self._submit(work, share), range(CLIENTS)))
        count = share * CLIENTS
        until = time.monotonic() + END_S
        while self._ended() - done_before < count:
            if time.monotonic() > until:
                raise RuntimeError(f"{self.name} did not finish {work.name}")
            time.sleep(0.02)
        return count / (time.perf_counter() - started)

    def _submit(self, work: Work, count: int) -> None:
        with httpx2.Client(base_url=self.base, timeout=60) as client:
            for _ in range(count // work.batch):
                if work.batch > 1:
                    body = {"runs": [run_body(work) for _ in range(work.batch)]}
                    answer = client.post("/api/runs/batch", json=body)
                else:
                    answer = client.post("/api/runs", json=run_body(work))
                answer.raise_for_status()

    def _ended(self) -> int:
        with psycopg.connect(self._url) as connection:
            row = connection.execute(
                "SELECT count(*) FROM agentevals.run WHERE finished_at IS NOT NULL"
            ).fetchone()
        return row[0] if row else 0

    def memory_mb(self) -> float:
        """Return what the server and all its processes share fairly of memory (PSS)."""
        return sum(_pss_kb(pid) for pid in _family(self.process.pid)) / 1024


def run_body(work: Work) -> dict[str, Any]:
    """Return a request for one run."""
    spec = {
        "approach": "trace_replay",
        "target": {"kind": "inline", "inline": work.trace},
        "evalConfig": {"metrics": [work.metric]},
        "evalSet": json.loads((SAMPLES / "eval_set_helm.json").read_text()),
    }
    return {"runId": str(uuid4()), "spec": spec}


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _family(int(child))


def _pss_kb(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def small_trace() -> Any:
    """Return about a kilobyte of OTLP: one agent turn with one tool call."""

    def span(n: int, name: str, parent: str, **attributes: str) -> dict[str, Any]:
        return {
            "traceId": "0af7651916cd43dd8448eb211c80319c",
            "spanId": f"b7ad6b716920333{n}",
            "parentSpanId": parent,
            "name": name,
            "startTimeUnixNano": str(1_700_000_000_000_000_000 + n),
            "endTimeUnixNano": str(1_700_000_000_900_000_000 + n),
            "attributes": [
                {"key": key.replace("__", "."), "value": {"stringValue": value}}
                for key, value in attributes.items()
            ],
        }

    agent = span(1, "invoke_agent demo", "", gen_ai__operation__name="invoke_agent")
    tool = span(
        2,
        "execute_tool helm_list",
        agent["spanId"],
        gen_ai__operation__name="execute_tool",
        gen_ai__tool__name="helm_list",
        gen_ai__tool__call__arguments="{}",
    )
    scope = {"scope": {"name": "demo"}, "spans": [agent, tool]}
    return {"resourceSpans": [{"scopeSpans": [scope]}]}


@contextmanager
def contesting(peer: Path | None) -> Iterator[list[Contestant]]:
    """Start us and, if there is one, the peer, each with a database of its own."""
    server = database_url()
    with ExitStack() as stack:

        def start(name: str, command: list[str], folder: Path) -> Contestant:
            url = stack.enter_context(database(server, f"bench_service_{name}"))
            return Contestant(name, command, url, folder)

        # The databases go when the servers have ended.
        yield stack.enter_context(serving(peer, start))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", type=Path, help="virtual environment of the peer")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--runs", type=int, default=400)
    said = parser.parse_args()
    large = json.loads((SAMPLES / "helm.json").read_text())
    size = len(json.dumps(large))
    works = [
        Work("small traces, one by one", small_trace(), said.runs),
        Work(f"{size // 1000} kB traces, one by one", large, said.runs // 2),
    ]
    # Once, at the end: it is what both hold most memory for.
    texts = Work("the same, answers compared", large, said.runs // 4, 1, ROUGE)
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    write(f"load average: {load()}\n")
    with contesting(said.peer) as contestants:
        for contestant in contestants:
            contestant.runs_a_second(works[0]._replace(runs=40))
        for _ in range(said.repetitions):
            for work in works:
                for contestant in contestants:
                    rate = contestant.runs_a_second(work)
                    found[work.name, contestant.name].append(rate)
            batched = Work("small, in batches", small_trace(), 8 * BATCH, BATCH)
            found[batched.name, "ours"].append(contestants[0].runs_a_second(batched))
        for contestant in contestants:
            contestant.runs_a_second(texts._replace(runs=CLIENTS))
            found[texts.name, contestant.name].append(contestant.runs_a_second(texts))
        show(found)
        for contestant in contestants:
            write(f"memory of {contestant.name}: {contestant.memory_mb():.0f} MB\n")


def show(found: dict[tuple[str, str], list[float]]) -> None:
    """Print runs a second: medians, ranges and, beside the peer, ratios."""
    for work in dict.fromkeys(work for work, _ in found):
        ours, peer = found[work, "ours"], found.get((work, "peer"))
        ratio = ""
        if peer:
            times = statistics.median(ours) / statistics.median(peer)
            ratio = f"   peer {spread(peer)}   ratio {times:.1f}"
        write(f"{work:28} ours {spread(ours)} runs/s{ratio}\n")


if __name__ == "__main__":
    main()
