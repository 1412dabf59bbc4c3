"""What was found, as text: pure functions from a ``RunResult`` to a document."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from evaluation.outcome import RunResult

Report: TypeAlias = Callable[[RunResult, int | None], str]

# Output format -> where its report function is; imported only when asked for.
FORMATS = {
    "table": "evaluation.reports.table:report",
    "json": "evaluation.reports.document:report",
    "summary": "evaluation.reports.summary:report",
    "junit": "evaluation.reports.junit:report",
    "markdown": "evaluation.reports.markdown:report",
}


def report(result: RunResult, output: str, *, width: int | None = None) -> str:
    """Render a result in one of the ``FORMATS``.

    Args:
        result: what was found.
        output: a key of ``FORMATS``.
        width: columns that a line of the table may take; None for any number.

    Returns:
        The whole document, ending in a newline.
    """
    from importlib import import_module

    module, _, name = FORMATS[output].partition(":")
    render: Report = getattr(import_module(module), name)
    return render(result, width)
