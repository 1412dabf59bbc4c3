"""Runs to work on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runs.models import Run
from tests.runs import guards
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


@pytest.fixture
def guarded(transactional_db: None, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let the database itself refuse what must never happen."""
    caplog.set_level(logging.ERROR, "runs.queue")
    guards.install()
    yield
    guards.remove()
