"""What must be done before an evaluator can start and may take long: a fetch, say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

Work = Callable[[], Any]


class Preparation:
    """Work in a thread of its own, without the database; ``wake`` is called at its end.

    It cannot be killed: its own limits end it. Nobody waits for one whose run is over.
    """

    def __init__(self, work: Work, wake: Callable[[], None]) -> None:
        """Start at once."""
        self._work = work
        self._wake = wake
        self._over = threading.Event()
        self.value: Any = None
        self.error: Exception | None = None
        threading.Thread(target=self._run, name="preparation", daemon=True).start()

    @property
    def is_over(self) -> bool:
        """Whether there is a ``value`` or an ``error``."""
        return self._over.is_set()

    def _run(self) -> None:
        try:
            self.value = self._work()
        except Exception as error:  # noqa: BLE001 - told to whoever asked for the work
            self.error = error
        self._over.set()
        self._wake()
