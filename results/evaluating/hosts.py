"""What the evaluations of this server share: its evaluators and its keeper of leases."""

from __future__ import annotations

import os
import sys
from functools import cache

from django.conf import settings

from results.evaluating.asked import Asked
from results.evaluating.record import all_ended
from results.evaluating.work import Evaluation
from results.judging import make_asker
from runs.hosting import Host, Limits
from runs.keeping import Keeper

FINISH_S = 5.0
host = Host(
    (sys.executable, "-m", "evaluation.child", str(os.getpid())),
    Limits(slots=settings.MAX_CONCURRENT_EVALUATIONS),
    cache(make_asker),
)
keeper = Keeper()


def evaluation_of(asked: Asked) -> Evaluation:
    """Return the evaluation of a request, durable if there is storage."""
    return Evaluation(
        asked,
        host,
        deadline_s=settings.RUN_DEADLINE.total_seconds(),
        keeper=keeper if settings.DURABLE else None,
    )


async def finish() -> None:
    """End what is worked on, and see its end written: nothing stays running for ever."""
    host.stop()
    await all_ended(within_s=FINISH_S)


def close() -> None:
    """End the evaluators and the heartbeat."""
    host.close()
    keeper.close()
