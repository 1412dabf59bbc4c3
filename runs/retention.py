"""Letting old runs go: a thread beside the worker that deletes what has ended long ago."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import DatabaseError, connection

from runs.deletion import BATCH, prune

logger = logging.getLogger(__name__)

PAUSE_S = 3600.0
STOP_S = 5.0


@contextmanager
def pruning(keep: timedelta | None) -> Iterator[None]:
    """Delete runs that ended longer ago than ``keep`` until the end of the block.

    Now and then about once an hour; None keeps everything.
    """
    if keep is None:
        yield
        return
    stopping = threading.Event()
    thread = threading.Thread(
        target=_prune_now_and_then, args=(keep, stopping), name="pruning", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(STOP_S)


def _prune_now_and_then(keep: timedelta, stopping: threading.Event) -> None:
    pause_s = 0.0
    while not stopping.wait(pause_s):
        try:
            deleted = prune_all(keep, stopping)
            if deleted:
                logger.info("Deleted %d run(s) older than %s", deleted, keep)
        except DatabaseError as error:
            logger.warning("old runs are deleted later: %s", error)
        connection.close()
        pause_s = PAUSE_S * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load


def prune_all(keep: timedelta, stopping: threading.Event | None = None) -> int:
    """Delete every run that ended longer ago, in short transactions; return how many."""
    deleted = 0
    while stopping is None or not stopping.is_set():
        taken = prune(older_than=keep)
        deleted += taken
        if taken < BATCH:
            break
    return deleted
