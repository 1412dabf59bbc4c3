"""A real server in a process of its own, on a free port and a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.conftest import PROJECT

START_S = 60.0
# The command as it is installed beside this interpreter.
COMMAND = (str(Path(sys.executable).with_name("agentevals")), "serve")
Answer = tuple[int, Any]
JSON = {"Content-Type": "application/json"}
# Of the kernel's states of a connection: open, and closed by the client alone.
ESTABLISHED, CLOSE_WAIT = "01", "08"


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return an environment with nothing of the developer's own settings."""
    own = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("AGENTEVALS_", "DJANGO_"))
    }
    return {
        **own,
        "AGENTEVALS_STORAGE_BACKEND": "sqlite",
        "AGENTEVALS_STATE_DIR": str(folder),
        "PYTHONUNBUFFERED": "1",
        **settings,
    }


def wait_until(condition: Callable[[], Any], *, within_s: float = START_S) -> Any:
    """Return the first true value of ``condition``, or fail when it takes too long."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {within_s} s")


def children(pid: int) -> list[int]:
    """Return the processes that a process has started, oldest first."""
    found: list[int] = []
    for threads_children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
            found += map(int, threads_children.read_text().split())
    return sorted(found)


def is_serving(evaluator: int) -> bool:
    """Whether an evaluator is set up: what it prints goes where its errors go."""
    stdout, stderr = (Path(f"/proc/{evaluator}/fd/{n}").resolve() for n in (1, 2))
    return stdout == stderr


class Server:
    """``agentevals serve``, started and spoken to."""

    def __init__(self, folder: Path, *options: str, **settings: str) -> None:
        """Start it and wait until it answers."""
        self.port = free_port()
        self.log = folder / f"serve-{self.port}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "--port", str(self.port), *options],
                cwd=PROJECT,
                env=environment(folder, **settings),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._connections: list[HTTPConnection] = []
        wait_until(self._answers)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.call("GET", "/api/health")[0] == 200
        except OSError:
            return False

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request; return the status and the decoded answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=JSON,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - our own loopback URL
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def page(self, path: str) -> str:
        """Read a page that is there."""
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(url, timeout=30) as response:
            return str(response.read().decode())

    def run(self, run_id: str) -> dict[str, Any]:
        """Read a run."""
        data: dict[str, Any] = self.call("GET", f"/api/runs/{run_id}")[1]["data"]
        return data

    def wait_for(
        self, run_id: str, *statuses: str, within_s: float = 60.0
    ) -> dict[str, Any]:
        """Follow a run until it has one of these statuses."""

        def reached() -> dict[str, Any] | None:
            run = self.run(run_id)
            return run if run["status"] in statuses else None

        found: dict[str, Any] = wait_until(reached, within_s=within_s)
        return found

    def worker_pid(self) -> int:
        """Return the process id of the worker that started last, once it works."""
        wait_until(lambda: "run worker(s)" in self.log.read_text())
        return children(self.process.pid)[-1]

    def freeze_evaluator(self) -> None:
        """Stop the evaluator that waits, so that the next run stays in the middle."""
        (pid,) = children(self.worker_pid())
        # Before, it would not end with its worker.
        wait_until(lambda: is_serving(pid))
        os.kill(pid, signal.SIGSTOP)

    def connect(self) -> HTTPConnection:
        """Return a connection; ``close`` ends it."""
        self._connections.append(HTTPConnection("127.0.0.1", self.port, timeout=60))
        return self._connections[-1]

    def links(self) -> list[int]:
        """Return, for each connection that it has not closed, the bytes it has yet to read."""
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        rows = [line.split() for line in lines]
        return [
            int(row[4].split(":")[1], 16)
            for row in rows
            if row[1].endswith(f":{self.port:04X}")
            and row[3] in {ESTABLISHED, CLOSE_WAIT}
        ]

    def has_read_everything(self) -> bool:
        """Whether it has taken all that was sent to it."""
        return not any(self.links())

    def interrupt(self) -> int:
        """Press Ctrl+C and return the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def close(self) -> None:
        """End it, if it still runs."""
        for connection in self._connections:
            connection.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)
