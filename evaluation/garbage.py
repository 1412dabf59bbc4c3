"""When a process that evaluates looks for cycles among its objects."""

from __future__ import annotations

import gc

OBJECTS = 200_000


def collect_seldom() -> None:
    """Look for cycles seldom, and not among what is there already.

    Imported modules and decoded traces hold none; looking took a tenth of a short run and
    a third of a long one.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS)


def collect_after_job() -> None:
    """Free what the last job has left, before it is older than the next one's objects.

    Few objects are as young: this takes hundredths of a millisecond, and without it a
    process that evaluates large traces grows to twice its size.
    """
    gc.collect(0)
