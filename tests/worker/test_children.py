"""Evaluator processes and their pipes."""

from __future__ import annotations

import sys

import pytest

from evaluation.framing import Frame, FrameKind
from runs.worker.children import Child

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.mark.skipif(sys.platform != "linux", reason="pipes grow on Linux only")
def test_a_job_of_half_a_megabyte_is_handed_over_at_once() -> None:
    child = Child(SLEEPER)
    try:
        child.send([Frame(kind=FrameKind.DOCUMENT, body=bytes(1 << 19))])
        assert not child.has_unsent
    finally:
        child.close()
