"""Drain agentevals-cli: ``URL BACKLOG ENDED``; prints the seconds of the work.

The evaluation is left out: what remains of it is the one write that ends a run.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import asyncpg
from agentevals.run.worker import AsyncRunWorker
from agentevals.storage.config import StorageSettings
from agentevals.storage.models import RunStatus
from agentevals.storage.postgres.migrator import Migrator
from agentevals.storage.postgres.pool import create_pool
from agentevals.storage.repos.postgres import PostgresRepos

FILL = """
INSERT INTO agentevals.run (run_id, status, approach, spec, created_at)
SELECT gen_random_uuid(), 'queued', 'trace_replay',
  '{"target": {"kind": "inline", "inline": {}}}', now() + n * interval '1 microsecond'
FROM generate_series(1, $1::int) AS n
"""


async def main(url: str, backlog: int, ended: int) -> float:
    """Fill the queue and work until enough has ended."""
    await migrate(url)
    settings = StorageSettings(backend="postgres", database_url=url)
    pool = await create_pool(settings)
    await pool.execute(FILL, backlog)
    await pool.execute("ANALYZE agentevals.run")
    repos = await PostgresRepos.create(pool=pool, schema="agentevals")
    worker = AsyncRunWorker(runs=repos.runs, results=repos.results, settings=settings)
    done = 0
    enough = asyncio.Event()

    async def end(run: Any, *_: Any) -> None:
        nonlocal done
        await repos.runs.update_status(run.run_id, RunStatus.SUCCEEDED, summary={})
        done += 1
        if done == ended:
            enough.set()

    worker._run_evaluation = end
    started = time.perf_counter()
    await worker.start()
    await enough.wait()
    seconds = time.perf_counter() - started
    await worker.stop()
    return seconds


async def migrate(url: str) -> None:
    """Make the tables."""
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE SCHEMA IF NOT EXISTS agentevals")
    await connection.close()
    await Migrator(dsn=url, schema="agentevals").up()


seconds = asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
sys.stdout.write(f"{seconds}\n")
