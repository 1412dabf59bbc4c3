"""The worker beside the server: a process of its own, started again when it dies."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time

logger = logging.getLogger(__name__)

COMMAND = (
    sys.executable,
    "-m",
    "agentevals_site",
    "runworker_evals",
    "--stop-with-parent",
    str(os.getpid()),
)
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
# A worker that lived this long was well; the next start is not delayed.
HEALTHY_S = 60.0


class WorkerProcess:
    """Keeps one worker process running until it is told to stop."""

    def __init__(self) -> None:
        """Prepare the watching thread."""
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._supervise, name="worker-supervisor", daemon=True
        )

    def start(self) -> None:
        """Start the worker and watch over it."""
        self._thread.start()

    def stop(self) -> None:
        """Let the worker drain and wait for its end; Ctrl+C meanwhile ends it at once."""
        self._stopping.set()
        self._signal()
        while self._thread.is_alive():
            try:
                self._thread.join()
            except KeyboardInterrupt:
                self._signal()

    def _signal(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)

    def _supervise(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            started = time.monotonic()
            status = self._run_once()
            if self._stopping.is_set():
                return
            if time.monotonic() - started > HEALTHY_S:
                pause_s = FIRST_PAUSE_S
            logger.error("worker ended with %d, starting it again", status)
            self._stopping.wait(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _run_once(self) -> int:
        # In a session of its own: a terminal's Ctrl+C reaches the server, which passes it
        # on as the drain.
        self._process = subprocess.Popen(COMMAND, start_new_session=True)  # noqa: S603 - our own command
        if self._stopping.is_set():
            self._signal()
        return self._process.wait()
