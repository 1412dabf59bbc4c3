"""Cycles that a job leaves behind."""

from __future__ import annotations

import gc
import weakref

from evaluation.garbage import collect_after_job


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.me = self


def test_what_a_job_left_is_gone_after_it() -> None:
    gc.collect()
    gc.disable()  # nobody else does it meanwhile
    try:
        left = weakref.ref(Knot())
        assert left() is not None
        collect_after_job()
        assert left() is None
    finally:
        gc.enable()
