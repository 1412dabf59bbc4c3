"""A worker in a process of its own: ``python -m tests.worker.process SETTINGS``.

What ``runworker_evals`` is, with the times and the evaluator that a test wants.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

import django
import msgspec


def main() -> None:
    """Work until SIGTERM."""
    django.setup()
    # Models can be imported from here on.
    from results.judging import make_asker
    from results.recording import EvaluationExecutor
    from runs.worker.loop import Worker
    from runs.worker.settings import WorkerSettings

    given = msgspec.json.decode(sys.argv[1], type=WorkerSettings)
    # The evaluator ends with the process that started it, and that is this one.
    command = (*given.command, str(os.getpid()))
    settings = msgspec.structs.replace(given, command=command)
    worker = Worker(settings, EvaluationExecutor(), asker=make_asker())

    def stop(signum: int, frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, stop)
    worker.run()


if __name__ == "__main__":
    main()
