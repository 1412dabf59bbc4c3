"""A short run of the chaos: the long one is ``python -m tests.chaos``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.postgres
@pytest.mark.timeout(300)
def test_a_short_chaos_breaks_no_promise() -> None:
    chaos = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--seconds", "10"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert chaos.returncode == 0, chaos.stdout + chaos.stderr
