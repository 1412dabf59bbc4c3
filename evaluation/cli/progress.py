"""Progress on a terminal, for runs that take long enough to wonder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from evaluation.conversation.model import Conversation
from evaluation.outcome import MetricResult, TraceResult

# A quick run ends before it; importing rich costs more than most runs.
SHOWN_AFTER_S = 0.7
SHOWN_ID_CHARACTERS = 12


class Progress:
    """Counts results on stderr, only if that is a terminal."""

    def __init__(self, *, evaluators: int, now: Callable[[], float]) -> None:
        self._evaluators = evaluators
        self._now = now
        self._started = now()
        self._total = 0
        self._done = 0
        self._wanted = sys.stderr.isatty()
        self._bar: Any = None  # rich's, imported only when it is shown

    def __enter__(self) -> Self:
        """Begin; nothing is shown yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take away what was shown."""
        if self._bar is not None:
            self._bar.stop()

    def on_file(self, path: str) -> None:
        """Note that a file is read."""
        self._show(f"reading {path}")

    def on_trace(self, conversation: Conversation) -> None:
        """Note that a trace is going to be evaluated."""
        del conversation
        self._total += self._evaluators

    def on_result(self, trace: TraceResult, metric: MetricResult) -> None:
        """Note that a metric was measured."""
        self._done += 1
        self._show(f"{trace.trace_id[:SHOWN_ID_CHARACTERS]} {metric.metric_name}")

    def _show(self, doing: str) -> None:
        if not self._wanted or self._now() - self._started < SHOWN_AFTER_S:
            return
        if self._bar is None:
            self._bar = _bar()
        self._bar.update(
            self._bar.task_ids[0],
            completed=self._done,
            total=self._total or None,
            description=doing,
        )


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (MofNCompleteColumn(), BarColumn(), TextColumn("{task.description}"))
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    bar.add_task("", total=None)
    bar.start()
    return bar
