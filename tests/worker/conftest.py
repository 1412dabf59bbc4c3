"""Workers that are gone when the test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runs.wakeups import announcer
from runs.worker.settings import WorkerSettings
from tests.runs import guards
from tests.worker.supervising import WorkerProcess

Starter = Callable[..., WorkerProcess]
# A second of lease is enough in an idle machine; twice that in a busy one.
TIMES = {
    "lease_s": 2.0,
    "heartbeat_s": 0.3,
    "deadline_s": 300.0,
    "poll_s": 0.2,
    "drain_s": 30.0,
}


@pytest.fixture
def guarded(transactional_db: None) -> Iterator[None]:
    """Let the database itself refuse what must never happen."""
    guards.install()
    yield
    guards.remove()


@pytest.fixture
def start(guarded: None, tmp_path: Path) -> Iterator[Starter]:
    """Return a function that starts a worker with a kind of evaluator."""
    workers: list[WorkerProcess] = []

    def start_worker(evaluator: str, *, slots: int = 1, **times: Any) -> WorkerProcess:
        settings = WorkerSettings(slots=slots, command=(), **(TIMES | times))
        folder = tmp_path / f"worker-{len(workers)}"
        workers.append(WorkerProcess(folder, evaluator, settings))
        return workers[-1]

    yield start_worker
    for worker in workers:
        worker.close()
    announcer.stop()
