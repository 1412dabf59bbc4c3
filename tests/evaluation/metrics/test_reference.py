from __future__ import annotations

import re
from pathlib import Path

import pytest

from evaluation.metrics.options import OPTIONS
from evaluation.metrics.registry import METRICS

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"


@pytest.mark.parametrize("name", [*METRICS, *OPTIONS])
def test_the_reference_tells_every_metric_and_option(name: str) -> None:
    told = re.findall(r"`(\w+)`", REFERENCE.read_text("utf-8"))

    assert name in told
