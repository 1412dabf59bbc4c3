"""Running evaluators by way of a warden, which is started once and used again."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from evaluation.config.model import EvaluatorSpec
from evaluation.evaluators.errors import EvaluatorFailedError, EvaluatorNotAllowedError
from evaluation.evaluators.fetched import verified
from evaluation.evaluators.places import command, locate
from evaluation.evaluators.running import Ending, Rules
from evaluation.evaluators.warden.wire import Limits, Order, Report, pack, unpack

ROOT = Path(__file__).resolve().parent.parent.parent
# All that an evaluator sees of the environment: no keys, no database.
PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "PATH", "PYTHONUSERBASE", "TZ")
# A warden that has not answered so long after an evaluator's time limit was tampered with.
GRACE_S = 10.0
MEGABYTE = 1 << 20


def _chosen(names: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in names if name in environment}


class Sandbox:
    """Runs evaluators one at a time; may be used from any thread."""

    def __init__(self, rules: Rules, environment: Mapping[str, str]) -> None:
        """Start nothing yet; ``environment`` is what to choose from."""
        self._rules = rules
        self._all = environment
        self._environment = {
            **_chosen(PASSED_ON, environment),
            "PYTHONPATH": str(ROOT),  # for agentevals_evaluator_sdk
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._warden: _Warden | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Give the sandbox to use; ``close`` is called in the end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the warden."""
        self.close()

    def find(self, path: str) -> Path:
        """Return the file of an evaluator; see ``CodeRunner``."""
        folder = self._rules.folder
        return locate(path, None if folder is None else Path(folder))

    def find_fetched(self, spec: EvaluatorSpec) -> Path:
        """Return the file of a remote evaluator; see ``CodeRunner``."""
        if self._rules.fetched is None:
            raise EvaluatorNotAllowedError(
                f"Evaluator '{spec.name}' is remote, and none may be run here."
            )
        return verified(spec, Path(self._rules.fetched))

    def run(
        self,
        place: Path,
        payload: bytes,
        *,
        timeout_s: float,
        environment: Sequence[str] = (),
    ) -> Ending:
        """Run the evaluator in a file; see ``CodeRunner``."""
        if environment and not self._rules.trusted:
            raise EvaluatorNotAllowedError(
                "Evaluators are given no variables of the environment here; "
                f"this one asks for {', '.join(environment)}."
            )
        wall_s = min(timeout_s, self._rules.max_timeout_s)
        order = Order(
            argv=command(place),
            environment=self._environment | _chosen(environment, self._all),
            folder=None if self._rules.confined else os.getcwd(),  # noqa: PTH109 - a text
            confined=self._rules.confined,
            limits=Limits(
                wall_s=wall_s,
                cpu_s=max(1, round(wall_s)),
                memory_bytes=self._rules.memory_mb * MEGABYTE,
            ),
        )
        with self._lock:
            return self._carry_out(order, payload)

    def close(self) -> None:
        """End the warden; the next evaluation starts another."""
        with self._lock:
            warden, self._warden = self._warden, None
            if warden is not None:
                warden.close()

    def _carry_out(self, order: Order, payload: bytes) -> Ending:
        warden, self._warden = self._living_warden(), None
        try:
            report, output = warden.ask(order, payload)
        except BaseException:
            warden.kill()
            raise
        self._warden = warden
        return Ending(
            reason=report.reason,  # type: ignore[arg-type]  # one of its words
            status=report.status,
            stdout=output,
            stderr=report.stderr,
            wall_s=order.limits.wall_s,
        )

    def _living_warden(self) -> _Warden:
        if self._warden is not None and not self._warden.is_alive:
            self._warden.kill()
            self._warden = None
        return self._warden or _Warden(self._environment)


class _Warden:
    """The process, and the folder that all its evaluations lie in."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._folder = tempfile.mkdtemp(prefix="agentevals-")
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-S", "-m", "evaluation.evaluators.warden", self._folder],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environment),
            cwd=self._folder,
            # Whoever kills our group must not kill the one that cleans up after it.
            start_new_session=True,
        )

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def ask(self, order: Order, payload: bytes) -> tuple[Report, bytes]:
        """Have an order carried out.

        Raises:
            EvaluatorFailedError: the warden does not answer.
        """
        deadline = time.monotonic() + order.limits.wall_s + GRACE_S
        try:
            self._write(pack(order, payload))
            answer = unpack(lambda length: self._read(length, deadline))
        except (BrokenPipeError, TimeoutError):
            answer = None
        if answer is None:
            raise EvaluatorFailedError(
                "The process that watches over evaluators was ended while this one ran."
            )
        head, output = answer
        return Report(*head), output

    def close(self) -> None:
        """Let the warden finish and wait for its end."""
        self._process.stdin.close()  # type: ignore[union-attr]  # a pipe
        self._forget()

    def kill(self) -> None:
        """Have it end whatever runs, or end it; it deletes its folder or we do."""
        self._process.stdin.close()  # type: ignore[union-attr]  # a pipe
        try:
            self._process.wait(timeout=GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._forget()

    def _forget(self) -> None:
        self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]  # a pipe
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, message: bytes) -> None:
        left = memoryview(message)
        while left:  # a signal may cut a write short
            left = left[self._process.stdin.write(left) :]  # type: ignore[union-attr]  # a pipe

    def _read(self, length: int, deadline: float) -> bytes:
        fd = self._process.stdout.fileno()  # type: ignore[union-attr]  # a pipe
        parts = bytearray()
        while len(parts) < length:
            ready, _, _ = select.select(
                [fd], [], [], max(0.0, deadline - time.monotonic())
            )
            if not ready:
                raise TimeoutError
            part = os.read(fd, min(length - len(parts), MEGABYTE))
            if not part:
                break
            parts += part
        return bytes(parts)
