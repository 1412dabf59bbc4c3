"""The servers that benchmarks compare: ours and, if there is one, the peer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from agentevals_site.development.server import LOOPBACK, free_port

START_S = 90.0
END_S = 40.0
S = TypeVar("S", bound="Served")


class Served:
    """A server with a folder of its own, from its start to its end."""

    def __init__(
        self, name: str, command: list[str], folder: Path, **settings: str
    ) -> None:
        """Start it and wait until it answers."""
        self.name, self.port = name, free_port()
        self.base = f"http://{LOOPBACK}:{self.port}"
        own = {k: v for k, v in os.environ.items() if "AGENTEVALS" not in k}
        self._log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [arg.format(port=self.port) for arg in command],
            env={**own, "AGENTEVALS_STATE_DIR": str(folder), **settings},
            cwd=folder,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self._wait_for_health()

    def _wait_for_health(self) -> None:
        health, until = f"{self.base}/api/health", time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(health, timeout=10).close()  # noqa: S310 - our own loopback URL
            except OSError:
                time.sleep(0.1)
            else:
                return
        self.close()
        raise RuntimeError(f"{self.name} did not start")

    def close(self) -> None:
        """Stop it as a user would."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._log.close()


@contextmanager
def serving(
    peer: Path | None, start: Callable[[str, list[str], Path], S]
) -> Iterator[list[S]]:
    """Start us and, if there is one, the peer; ``start`` is given name, command, folder."""
    ours = str(Path(sys.executable).with_name("agentevals"))
    commands = {"ours": [ours, "serve", "--port", "{port}"]}
    if peer:
        others = ["--otlp-http-port", str(free_port()), "--otlp-grpc-port"]
        commands["peer"] = [
            *[str(peer / "bin" / "agentevals"), "serve", "--headless"],
            *["--host", LOOPBACK, "--port", "{port}", *others, str(free_port())],
        ]
    with ExitStack() as stack:
        servers = []
        for name, command in commands.items():
            folder = Path(stack.enter_context(TemporaryDirectory()))
            servers.append(start(name, command, folder))
            stack.callback(servers[-1].close)
        yield servers
