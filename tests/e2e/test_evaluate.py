"""Evaluating now on a real server: what happens when somebody or something ends it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.serving import Server, children, wait_until
from tests.runs.multipart import CONTENT_TYPE, Part, encode
from tests.slow import slow_request

Starter = Callable[..., Server]
MEBIBYTE = 1024 * 1024
STREAM = "/api/evaluate/json/stream"


class Watcher:
    """A client that reads a stream line by line."""

    def __init__(self, server: Server, body: Any, path: str = STREAM) -> None:
        """Ask."""
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", server.port, timeout=60
        )
        headers = {"Content-Type": "application/json"}
        self.connection.request("POST", path, json.dumps(body), headers)
        self.response = self.connection.getresponse()

    def until(self, word: str) -> dict[str, Any]:
        """Read until an event holds this word, and return it."""
        for line in self.response:
            if line.startswith(b"data: ") and word.encode() in line:
                found: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
                return found
        raise AssertionError(f"the stream ended without {word!r}")

    def leave(self) -> None:
        """Close the connection."""
        self.response.close()
        self.connection.close()


def evaluators(server: Server) -> list[int]:
    """Return the server's evaluator processes."""
    return [pid for pid in children(server.process.pid) if is_evaluator(pid)]


def is_evaluator(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline")
    return command.exists() and b"evaluation.child" in command.read_bytes()


def asking(server: Server, body: Any) -> tuple[threading.Thread, list[tuple[int, Any]]]:
    """Evaluate in a thread; return it and the list that its answer goes to."""
    answers: list[tuple[int, Any]] = []
    client = threading.Thread(
        target=lambda: answers.append(server.call("POST", "/api/evaluate/json", body))
    )
    client.start()
    return client, answers


def running_run(server: Server) -> str:
    """Wait for the only run to be in the history and return its id."""
    (found,) = wait_until(lambda: running(server))
    return str(found["runId"])


def running(server: Server) -> list[dict[str, Any]]:
    """Return the runs that are running."""
    runs: list[dict[str, Any]] = server.call("GET", "/api/runs?status=running")[1][
        "data"
    ]
    return runs


def test_a_client_that_leaves_a_stream_stops_the_work(serve: Starter) -> None:
    server = serve("--no-worker")
    watcher = Watcher(server, slow_request())
    watcher.until("Running")
    run_id = running_run(server)
    (evaluator,) = evaluators(server)

    watcher.leave()

    run = server.wait_for(run_id, "cancelled", within_s=10)
    assert run["errorCode"] == "client_left"
    assert not is_evaluator(evaluator)


def test_a_client_that_leaves_without_a_stream_stops_the_work(serve: Starter) -> None:
    server = serve("--no-worker")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    body, headers = json.dumps(slow_request()), {"Content-Type": "application/json"}
    connection.request("POST", "/api/evaluate/json", body, headers)
    run_id = running_run(server)

    connection.close()

    run = server.wait_for(run_id, "cancelled", within_s=10)
    assert run["errorCode"] == "client_left"


def test_a_cancel_ends_a_stream_with_an_error(serve: Starter) -> None:
    server = serve("--no-worker")
    watcher = Watcher(server, slow_request())
    watcher.until("Running")
    run_id = running_run(server)

    server.call("POST", f"/api/runs/{run_id}/cancel")

    assert f"run {run_id} was cancelled" in watcher.until('{"error"')["error"]
    assert server.run(run_id)["status"] == "cancelled"
    watcher.leave()


def test_a_cancel_answers_who_waits_with_409(serve: Starter) -> None:
    server = serve("--no-worker")
    client, answers = asking(server, slow_request())
    run_id = running_run(server)

    server.call("POST", f"/api/runs/{run_id}/cancel")
    client.join()

    ((status, answer),) = answers
    assert (status, answer["code"]) == (409, "cancelled")
    assert run_id in answer["detail"]


def test_the_deadline_answers_with_504(serve: Starter) -> None:
    server = serve(AGENTEVALS_STORAGE_BACKEND="memory", AGENTEVALS_RUN_DEADLINE_S="1")

    status, answer = server.call("POST", "/api/evaluate/json", slow_request())

    assert (status, answer["code"]) == (504, "deadline_exceeded")
    assert evaluators(server) == []


def test_nothing_survives_a_server_that_is_killed(serve: Starter) -> None:
    server = serve("--no-worker", AGENTEVALS_LEASE_S="2", AGENTEVALS_HEARTBEAT_S="1")
    watcher = Watcher(server, slow_request())
    watcher.until("Running")
    run_id = running_run(server)
    (evaluator,) = evaluators(server)

    server.process.send_signal(signal.SIGKILL)
    server.process.wait()

    wait_until(lambda: not is_evaluator(evaluator), within_s=10)
    watcher.leave()
    run = serve(AGENTEVALS_LEASE_S="2", AGENTEVALS_HEARTBEAT_S="1").wait_for(
        run_id, "failed"
    )
    assert (run["errorCode"], run["attempt"]) == ("worker_lost", 1)


def test_an_evaluator_that_is_killed_ends_the_request_and_not_the_server(
    serve: Starter, samples: Path
) -> None:
    server = serve(AGENTEVALS_STORAGE_BACKEND="memory")
    watcher = Watcher(server, slow_request())
    watcher.until("Running")
    (evaluator,) = evaluators(server)

    os.kill(evaluator, signal.SIGKILL)

    assert "died" in watcher.until('{"error"')["error"]
    watcher.leave()
    body = {"traces": json.loads((samples / "helm.json").read_text())}
    assert server.call("POST", "/api/evaluate/json", body)[0] == 200


def test_a_process_is_kept_for_the_next_request(serve: Starter, samples: Path) -> None:
    server = serve(AGENTEVALS_STORAGE_BACKEND="memory")
    body = {"traces": json.loads((samples / "helm.json").read_text())}
    assert evaluators(server) == []

    server.call("POST", "/api/evaluate/json", body)
    first = evaluators(server)
    server.call("POST", "/api/evaluate/json", body)

    assert len(first) == 1
    assert evaluators(server) == first


def test_ctrl_c_leaves_no_evaluator_behind(serve: Starter, samples: Path) -> None:
    server = serve(AGENTEVALS_STORAGE_BACKEND="memory")
    body = {"traces": json.loads((samples / "helm.json").read_text())}
    server.call("POST", "/api/evaluate/json", body)
    (evaluator,) = evaluators(server)

    status = server.interrupt()

    assert status == 0, server.log.read_text()
    assert not is_evaluator(evaluator)
    assert "Traceback" not in server.log.read_text()


def test_a_server_that_is_stopped_ends_what_it_works_on(serve: Starter) -> None:
    server = serve("--no-worker")
    watcher = Watcher(server, slow_request())
    watcher.until("Running")
    run_id = running_run(server)
    (evaluator,) = evaluators(server)

    waiting, answers = asking(server, slow_request())
    wait_until(lambda: len(running(server)) > 1)

    server.process.terminate()
    told = watcher.until('{"error"')["error"]
    waiting.join()
    status = server.process.wait(timeout=60)

    assert status == 0, server.log.read_text()
    assert not is_evaluator(evaluator)
    assert "the server was stopped" in told
    assert run_id in told
    ((code, answer),) = answers
    assert (code, answer["code"]) == (503, "server_stopped")
    assert "never retrieved" not in server.log.read_text()
    watcher.leave()
    restarted = serve("--no-worker")
    for each in (run_id, answer["runId"]):
        run = restarted.run(each)
        assert (run["status"], run["errorCode"]) == ("failed", "server_stopped")


@pytest.mark.parametrize("storage", ["memory", "sqlite"])
def test_memory_stays_flat_however_much_is_uploaded(
    serve: Starter, storage: str
) -> None:
    server = serve("--no-worker", AGENTEVALS_STORAGE_BACKEND=storage)
    files = [
        Part("trace_files", b'{"what": "' + bytes(9 * MEBIBYTE) + b'"}', f"{n}.json")
        for n in range(8)
    ]
    body = encode([*files, Part("config", b"{}")])
    upload(server, encode([*files[:1], Part("config", b"{}")]))
    folder = Path(f"/proc/{server.process.pid}")
    (folder / "clear_refs").write_text("5")  # forgets the peak so far
    before = peak_memory(folder)

    answer = upload(server, body)

    assert len(answer["data"]["errors"]) == 9
    assert peak_memory(folder) < before + 60 * MEBIBYTE


def upload(server: Server, body: bytes) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", "/api/evaluate", body, {"Content-Type": CONTENT_TYPE})
    with connection.getresponse() as response:
        assert response.status == 200
        answer = json.loads(response.read())
    connection.close()
    return answer


def peak_memory(folder: Path) -> int:
    """Return the most memory that a process had, in bytes."""
    status = (folder / "status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024
