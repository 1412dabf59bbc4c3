"""The worker process: claims runs and has them evaluated."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from importlib.metadata import version
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from evaluation.parentage import end_with_parent
from results.delivery.starting import delivering
from results.judging import make_asker
from results.models import JudgeAnswer
from results.recording import EvaluationExecutor
from runs.retention import pruning
from runs.worker.lock import single_worker
from runs.worker.loop import Worker
from runs.worker.settings import WorkerSettings

EVALUATOR = (sys.executable, "-m", "evaluation.child", str(os.getpid()))


class Command(BaseCommand):
    """Run one worker until SIGTERM or SIGINT; a second signal stops it at once."""

    help = "Claim queued runs and evaluate them, until SIGTERM or SIGINT."

    def add_arguments(self, parser: CommandParser) -> None:
        """Let the number of slots be chosen."""
        parser.add_argument(
            "--slots",
            type=int,
            default=settings.MAX_CONCURRENT_RUNS,
            help="runs to evaluate at once (default: AGENTEVALS_MAX_CONCURRENT_RUNS)",
        )

        parser.add_argument(
            "--stop-with-parent",
            type=int,
            metavar="PID",
            help="drain and stop when the process PID, which started this one, ends",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work."""
        if not settings.DURABLE:
            raise CommandError(
                "AGENTEVALS_STORAGE_BACKEND is 'memory': there is no queue to work on; "
                "set it to sqlite or postgres"
            )
        worker = Worker(
            worker_settings(slots=options["slots"]),
            EvaluationExecutor(),
            asker=make_asker(),
        )

        def stop(signum: int, frame: FrameType | None) -> None:
            worker.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        if options["stop_with_parent"]:
            end_with_parent(signal.SIGTERM, parent=options["stop_with_parent"])
        old_answers = partial(JudgeAnswer.objects.prune, settings.JUDGE_CACHE_AGE)
        with single_worker(), delivering(), pruning(settings.RETENTION, old_answers):
            worker.run()


def worker_settings(*, slots: int) -> WorkerSettings:
    """Collect what a worker needs to know from the settings."""
    return WorkerSettings(
        slots=slots,
        lease_s=settings.LEASE_S,
        heartbeat_s=settings.HEARTBEAT_S,
        deadline_s=settings.RUN_DEADLINE.total_seconds(),
        poll_s=settings.WORKER_POLL_INTERVAL_S,
        drain_s=settings.DRAIN_S,
        command=EVALUATOR,
        version=version("agentevals-django"),
    )
