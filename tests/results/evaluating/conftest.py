"""Samples to evaluate, with and without storage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from results.evaluating import hosts


@pytest.fixture(scope="session", autouse=True)
def _hosts() -> Iterator[None]:
    """Let no process outlive the tests."""
    yield
    hosts.close()


@pytest.fixture
def memory(settings: Settings) -> None:
    """Pretend that there is no storage."""
    settings.DURABLE = False


@pytest.fixture
def helm(samples: Path) -> bytes:
    """Return a trace (Jaeger)."""
    return (samples / "helm.json").read_bytes()


@pytest.fixture
def weather(samples: Path) -> bytes:
    """Return another one (OTLP)."""
    return (samples / "otlp_weather.json").read_bytes()


@pytest.fixture
def golden(samples: Path) -> bytes:
    """Return the eval set of the first."""
    return (samples / "eval_set_helm.json").read_bytes()
