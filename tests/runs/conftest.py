"""Runs to work on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runs.models import Run
from tests.runs.building import make_run


@pytest.fixture
def queued_run(db: None) -> Run:
    """Return a run that waits."""
    return make_run()


@pytest.fixture
def make(db: None) -> Callable[..., Run]:
    """Return a maker of queued runs."""

    def build(**fields: Any) -> Run:
        return make_run(**fields)

    return build
