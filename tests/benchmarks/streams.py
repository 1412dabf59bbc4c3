"""What readers of event streams cost a server: memory, time until they hear.

``python -m tests.benchmarks.streams --readers 200`` starts a server on SQLite without a
worker, follows one run with many readers, cancels it and looks.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.serving import Server
from tests.e2e.sse import stream

# More at once measures the memory of the threads that open them.
AT_ONCE = 8
SPEC = {"spec": {"target": {"kind": "inline", "inline": {"resourceSpans": []}}}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=200)
    readers = parser.parse_args().readers
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), "--no-worker")
        try:
            asyncio.run(measure(server, readers))
        finally:
            server.close()


async def measure(server: Server, readers: int) -> None:
    """Follow one run, end it, and print what that took."""
    await follow(server, 20)  # what a first reader brings is not what each one costs
    before = resident_kb(server)
    opened_s, held_kb, heard_ms = await follow(server, readers)
    heard = sorted(heard_ms)
    lines = [
        f"{readers} readers of one run",
        f"opened in {opened_s:.2f} s, {readers / opened_s:.0f} a second",
        f"memory a reader {(held_kb - before) / readers:.1f} kB (server {held_kb / 1024:.0f} MB)",
        f"heard after p50 {statistics.median(heard):.0f} ms, last {heard[-1]:.0f} ms",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


async def follow(server: Server, readers: int) -> tuple[float, int, list[float]]:
    """Return seconds to open, resident kB while idle, and when each heard of the end."""
    answer = await asyncio.to_thread(server.call, "POST", "/api/runs", SPEC)
    run_id = answer[1]["data"]["runId"]
    begun, opening, heard = asyncio.Semaphore(0), asyncio.Semaphore(AT_ONCE), []

    async def read() -> None:
        await opening.acquire()
        async with stream(server.port, f"/api/runs/{run_id}/events") as opened:
            async for event in opened.events():
                if event.name == "queued":
                    begun.release()
                    opening.release()
                else:
                    heard.append(time.monotonic())

    started = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for _ in range(readers):
            group.create_task(read())
        for _ in range(readers):
            await begun.acquire()
        opened_s = time.monotonic() - started
        held = resident_kb(server)
        asked = time.monotonic()
        await asyncio.to_thread(server.call, "POST", f"/api/runs/{run_id}/cancel")
    return opened_s, held, [1_000 * (at - asked) for at in heard]


def resident_kb(server: Server) -> int:
    """Return the memory of the server process."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (found,) = re.findall(r"VmRSS:\s+(\d+) kB", status)
    return int(found)


if __name__ == "__main__":
    main()
