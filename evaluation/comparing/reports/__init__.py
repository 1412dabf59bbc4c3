"""What a comparison found, as text: pure functions from a ``Comparison``."""

from __future__ import annotations

from importlib import import_module

from evaluation.comparing.model import Comparison

# Output format -> where its report function is; imported only when asked for.
FORMATS = {
    "table": "evaluation.comparing.reports.table:report",
    "json": "evaluation.comparing.reports.document:report",
    "markdown": "evaluation.comparing.reports.markdown:report",
}


def report(comparison: Comparison, output: str, *, width: int | None = None) -> str:
    """Render a comparison in one of the ``FORMATS``, ending in a newline.

    ``width`` is how many columns a line of the table may take; None for any number.
    """
    module, _, name = FORMATS[output].partition(":")
    text: str = getattr(import_module(module), name)(comparison, width)
    return text
