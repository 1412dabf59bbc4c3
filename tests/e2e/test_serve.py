"""The server as a user starts it, on SQLite."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT
from tests.e2e.serving import (
    COMMAND,
    JSON,
    Server,
    environment,
    free_port,
    wait_until,
)

Starter = Callable[..., Server]


@pytest.fixture
def submission(samples: Path) -> dict[str, Any]:
    """Return a request whose run passes."""
    return {
        "spec": {
            "target": {
                "kind": "inline",
                "inline": json.loads((samples / "helm.json").read_text()),
            },
            "evalSet": json.loads((samples / "eval_set_helm.json").read_text()),
            "evalConfig": {"metrics": ["tool_trajectory_avg_score"]},
        }
    }


def test_a_trace_goes_in_and_a_result_comes_out(
    serve: Starter, submission: dict[str, Any]
) -> None:
    server = serve()

    status, accepted = server.call("POST", "/api/runs", submission)
    run = server.wait_for(accepted["data"]["runId"], "succeeded", "failed")
    results = server.call("GET", f"/api/runs/{run['runId']}/results")[1]["data"]

    assert status == 202
    assert accepted["data"]["status"] == "queued"
    assert (run["status"], run["attempt"], run["summary"]["verdict"]) == (
        "succeeded",
        1,
        "passed",
    )
    assert [(r["evaluatorName"], r["status"]) for r in results] == [
        ("tool_trajectory_avg_score", "passed")
    ]


def test_ctrl_c_stops_everything_and_leaves_nothing_behind(serve: Starter) -> None:
    server = serve()
    worker = server.worker_pid()

    status = server.interrupt()

    assert status == 0, server.log.read_text()
    assert not Path(f"/proc/{worker}").exists()
    assert "Run workers stopped" in server.log.read_text()
    assert "Traceback" not in server.log.read_text()


def test_ctrl_c_lets_a_request_in_flight_be_answered(
    serve: Starter, submission: dict[str, Any], tmp_path: Path
) -> None:
    server = serve("--no-worker")
    client, reader = server.connect(), server.connect()
    reader.request("GET", "/api/runs/events")
    stream = reader.getresponse()

    with closing(sqlite3.connect(tmp_path / "agentevals.sqlite3")) as storage:
        storage.execute("BEGIN IMMEDIATE")  # nobody else can write until its end
        client.request("POST", "/api/runs", json.dumps(submission), JSON)
        wait_until(server.has_read_everything)
        server.process.send_signal(signal.SIGINT)
        stream.read()  # its end shows that the server stops

    assert client.getresponse().status == 202
    assert server.process.wait(timeout=60) == 0, server.log.read_text()


def test_a_run_outlives_kill_9_of_its_worker(
    serve: Starter, submission: dict[str, Any]
) -> None:
    server = serve(AGENTEVALS_LEASE_S="2", AGENTEVALS_HEARTBEAT_S="1")
    server.freeze_evaluator()
    run_id = server.call("POST", "/api/runs", submission)[1]["data"]["runId"]
    server.wait_for(run_id, "running")

    os.kill(server.worker_pid(), signal.SIGKILL)
    run = server.wait_for(run_id, "succeeded", "failed")

    assert (run["status"], run["attempt"]) == ("succeeded", 2), run["error"]


def test_a_run_outlives_ctrl_c_and_a_restart(
    serve: Starter, submission: dict[str, Any]
) -> None:
    server = serve(AGENTEVALS_DRAIN_S="0")
    server.freeze_evaluator()
    run_id = server.call("POST", "/api/runs", submission)[1]["data"]["runId"]
    server.wait_for(run_id, "running")

    server.interrupt()
    run = serve().wait_for(run_id, "succeeded", "failed")

    assert (run["status"], run["attempt"]) == ("succeeded", 2), run["error"]


def test_the_worker_ends_with_a_server_that_is_killed(serve: Starter) -> None:
    server = serve()
    worker = server.worker_pid()

    server.process.kill()
    server.process.wait()

    wait_until(lambda: not Path(f"/proc/{worker}").exists(), within_s=10)


def test_without_storage_the_stateless_part_works(serve: Starter) -> None:
    server = serve(AGENTEVALS_STORAGE_BACKEND="memory")

    assert server.call("GET", "/api/health")[0] == 200
    assert server.call("GET", "/api/runs")[0] == 503
    assert server.call("GET", "/api/metrics")[0] == 200
    assert "AGENTEVALS_STORAGE_BACKEND" in server.page("/admin/")


def refused(
    folder: Path, *options: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Start a server that must not start."""
    return subprocess.run(
        [*COMMAND, *options],
        cwd=PROJECT,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AGENTEVALS_STORAGE_BACKEND", "postgresql"),
        ("AGENTEVALS_STORAGE_BACKEND", "postgres"),
        ("AGENTEVALS_LEASE_S", "5"),
        ("AGENTEVALS_MAX_CONCURRENT_RUNS", "0"),
        ("AGENTEVALS_AUTO_MIGRATE", "maybe"),
        ("AGENTEVALS_DATABASE_SCHEMA", "Robert'); --"),
        ("AGENTEVALS_ENVIRONMENT", "production"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    tmp_path: Path, name: str, value: str
) -> None:
    ended = refused(tmp_path, **{name: value})

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert "AGENTEVALS_" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_busy_port_stops_the_start_before_anything_else(
    serve: Starter, tmp_path: Path
) -> None:
    server = serve("--no-worker")

    ended = refused(tmp_path, "--port", str(server.port))

    assert ended.returncode == 3
    assert f"127.0.0.1:{server.port}" in ended.stderr


def test_a_database_that_is_behind_is_refused_when_it_must_not_be_migrated(
    tmp_path: Path,
) -> None:
    ended = refused(
        tmp_path, "--port", str(free_port()), AGENTEVALS_AUTO_MIGRATE="false"
    )

    assert ended.returncode == 1
    assert "agentevals migrate" in ended.stderr
