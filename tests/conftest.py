"""Fixtures that every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of recorded cases beside the checkout, or skip."""
    folder = PROJECT.parent / "shared"
    if not (folder / "golden").is_dir():
        pytest.skip("the recorded cases in ../shared are not here")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """Return the folder of the project's own sample traces and eval sets."""
    return PROJECT / "samples"
