"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
def django_db_modify_db_settings() -> None:
    """Give every test process a database of its own: two test runs may overlap."""
    from django.db import connections

    for connection in connections.all():
        name = f"test_agentevals_{os.getpid()}"
        if connection.vendor == "sqlite":
            name = f"{Path(connection.settings_dict['NAME']).parent / name}.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = name


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Let go of the databases before they are dropped."""
    # The addresses depend on the storage: before a test pretends that there is none.
    import agentevals_site.urls  # noqa: F401
    from runs.wakeups import announcer

    yield
    announcer.stop()


@pytest.fixture(scope="session")
def samples() -> Path:
    """Return the folder of the project's own sample traces and eval sets."""
    return PROJECT / "samples"
