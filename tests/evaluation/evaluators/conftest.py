"""Evaluators whose processes are gone when the test is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evaluation.evaluators.running import Workshop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Return a folder of evaluators; one warden serves all tests of a module."""
    workshop = Workshop(tmp_path_factory.mktemp("evaluators"), memory_mb=256)
    with workshop.sandbox:
        yield workshop


@pytest.fixture
def lone_shop(tmp_path: Path) -> Iterator[Workshop]:
    """Return a folder of evaluators with a warden of its own."""
    workshop = Workshop(tmp_path)
    with workshop.sandbox:
        yield workshop
