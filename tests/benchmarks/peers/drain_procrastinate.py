"""Drain procrastinate: ``URL BACKLOG ENDED``; prints the seconds of the work."""

from __future__ import annotations

import asyncio
import sys
import time

from procrastinate import App, PsycopgConnector

CONCURRENCY = 20
CHUNK = 1_000


async def main(url: str, backlog: int, ended: int) -> float:
    """Fill the queue and work until enough has ended."""
    connector = PsycopgConnector(conninfo=url, min_size=4, max_size=CONCURRENCY)
    app = App(connector=connector)
    done = 0
    enough = asyncio.Event()

    @app.task(name="nothing")
    async def nothing() -> None:
        nonlocal done
        done += 1
        if done == ended:
            enough.set()

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for begun in range(0, backlog, CHUNK):
            count = min(CHUNK, backlog - begun)
            await nothing.batch_defer_async(*[{} for _ in range(count)])
        await connector.execute_query_async("ANALYZE procrastinate_jobs")
        worker = app.run_worker_async(
            concurrency=CONCURRENCY, wait=False, install_signal_handlers=False
        )
        started = time.perf_counter()
        working = asyncio.create_task(worker)
        await enough.wait()
        if ended == backlog:
            await working  # the last are written after they are counted
        seconds = time.perf_counter() - started
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    return seconds


seconds = asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
sys.stdout.write(f"{seconds}\n")
