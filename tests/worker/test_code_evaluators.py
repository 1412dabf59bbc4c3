"""Evaluators that are files, run by real workers that are killed and cancelled."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from runs import queue
from runs.models import Run
from runs.wakeups import announce_work
from tests.runs.building import fresh, make_run
from tests.worker.conftest import Starter
from tests.worker.supervising import has_status, wait_until

pytestmark = [
    pytest.mark.durable,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]
FINE = 'print(\'{"score": 0.75, "details": {"seen": true}}\')'
SCATTER = """
import os, time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True: pass
        os._exit(0)
while True: pass
"""


@pytest.fixture
def folder(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of evaluators that server and workers allow."""
    folder = tmp_path / "evaluators"
    folder.mkdir()
    settings.EVALUATOR_DIR = folder
    monkeypatch.setenv("AGENTEVALS_EVALUATOR_DIR", str(folder))
    return folder


def submit(folder: Path, samples: Path, source: str) -> Run:
    """Queue the evaluation of a sample by an evaluator and a metric."""
    (folder / "mine.py").write_text(source)
    inline = json.loads((samples / "helm.json").read_text())
    evaluators = [
        {"name": "mine", "type": "code", "path": "mine.py", "timeout": 60},
        {"name": "tool_call_count_v1", "type": "builtin"},
    ]
    return make_run(
        spec={
            "target": {"kind": "inline", "inline": inline},
            "evalConfig": {"evaluators": evaluators},
        }
    )


def running(folder: Path) -> int:
    """Count the processes of evaluators of this folder."""
    found = 0
    for place in Path("/proc").iterdir():
        try:
            found += str(folder) in (place / "cmdline").read_text("latin-1")
        except OSError:
            continue
    return found


def test_a_worker_runs_the_evaluators_of_the_folder(
    start: Starter, folder: Path, samples: Path
) -> None:
    run = submit(folder, samples, FINE)
    start("real")

    wait_until(has_status(run, "succeeded"), "the run succeeded")

    result = run.results.get(evaluator_name="mine")
    assert (result.status, result.score, result.evaluator_type) == (
        "passed",
        0.75,
        "code",
    )
    assert result.details == {"seen": True}


def test_a_failing_evaluator_costs_its_own_result(
    start: Starter, folder: Path, samples: Path
) -> None:
    run = submit(folder, samples, "raise SystemExit('no idea')")
    start("real")

    wait_until(has_status(run, "succeeded"), "the run succeeded")

    result = run.results.get(evaluator_name="mine")
    assert (result.status, result.error_code) == ("errored", "evaluator_failed")
    assert result.error_text.endswith("no idea")
    assert run.results.get(evaluator_name="tool_call_count_v1").score is not None


def test_a_cancel_ends_all_that_an_evaluator_started(
    start: Starter, folder: Path, samples: Path
) -> None:
    run = submit(folder, samples, SCATTER)
    start("real")
    wait_until(lambda: running(folder) == 3, "the evaluator has scattered")

    queue.cancel(run.pk)
    announce_work()

    wait_until(has_status(run, "cancelled"), "the run was cancelled")
    wait_until(lambda: running(folder) == 0, "nothing of it runs")


def test_a_killed_worker_leaves_no_evaluator(
    start: Starter, folder: Path, samples: Path
) -> None:
    run = submit(folder, samples, SCATTER)
    worker = start("real")
    wait_until(lambda: running(folder) == 3, "the evaluator has scattered")

    worker.kill()

    wait_until(lambda: running(folder) == 0, "nothing of it runs")
    assert fresh(run).status == "running"  # until its lease is swept
