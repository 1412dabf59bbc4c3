"""Letting old runs go, and what else is old: a thread beside the worker deletes it."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from django.db import Error, connection

from runs.deletion import BATCH, prune

logger = logging.getLogger(__name__)

Deletion = Callable[[], object]
PAUSE_S = 3600.0
STOP_S = 5.0


@contextmanager
def pruning(keep: timedelta | None, *others: Deletion) -> Iterator[None]:
    """Delete runs that ended longer ago than ``keep`` until the end of the block.

    At once and then about once an hour; None keeps every run. ``others`` delete what else
    has become old.
    """
    stopping = threading.Event()
    runs = [] if keep is None else [partial(_prune_runs, keep, stopping)]
    deletions = [*runs, *others]
    if not deletions:
        yield
        return
    thread = threading.Thread(
        target=_now_and_then, args=(deletions, stopping), name="pruning", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(STOP_S)


def _now_and_then(deletions: Sequence[Deletion], stopping: threading.Event) -> None:
    pause_s = 0.0
    while not stopping.wait(pause_s):
        for delete in deletions:
            try:
                delete()
            except Error as error:
                logger.warning("what is old is deleted later: %s", error)
        connection.close()
        pause_s = PAUSE_S * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load


def _prune_runs(keep: timedelta, stopping: threading.Event) -> None:
    deleted = prune_all(keep, stopping)
    if deleted:
        logger.info("Deleted %d run(s) older than %s", deleted, keep)


def prune_all(keep: timedelta, stopping: threading.Event | None = None) -> int:
    """Delete every run that ended longer ago, in short transactions; return how many."""
    deleted = 0
    while stopping is None or not stopping.is_set():
        taken = prune(older_than=keep)
        deleted += taken
        if taken < BATCH:
            break
    return deleted
