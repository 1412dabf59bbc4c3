"""A hub that ends with its test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from results.streaming.hub import Hub


@pytest_asyncio.fixture
async def hub() -> AsyncIterator[Hub]:
    """Return what feeds the streams of the test."""
    made = Hub()
    yield made
    await made.close()
