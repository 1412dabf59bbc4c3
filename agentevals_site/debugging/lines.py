"""The last lines of the log, kept in memory for a bug report."""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime

KEPT = 1000
MAX_LINE = 2000


class RecentLines(logging.Handler):
    """Keeps the last lines of this process."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self._lines: deque[str] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record as a line; what cannot be rendered is lost, never raised."""
        try:
            self._lines.append(_line(record))
        except Exception:  # noqa: BLE001 - logging must not break what it watches
            self.handleError(record)

    def text(self) -> str:
        """Return the lines, oldest first."""
        return "\n".join(self._lines)


def _line(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC).isoformat()
    text = f"[{moment}] {record.levelname} {record.name}: {record.getMessage()}"
    return text.replace("\n", "\\n")[:MAX_LINE]


RECENT = RecentLines()
