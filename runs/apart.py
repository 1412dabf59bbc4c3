"""The database beside an event loop that must not wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


async def apart(work: Callable[..., T], *arguments: object) -> T:
    """Use the database in another thread, and give its connection back."""

    def closing() -> T:
        try:
            return work(*arguments)
        finally:
            connections.close_all()

    return await asyncio.to_thread(closing)
