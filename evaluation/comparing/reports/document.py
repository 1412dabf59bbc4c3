"""The ``json`` output."""

from __future__ import annotations

import json

from evaluation.comparing.model import Comparison
from evaluation.comparing.rendering import to_document


def report(comparison: Comparison, width: int | None = None) -> str:
    """Write a comparison as JSON, two spaces an indent; ``width`` does not matter."""
    del width
    return json.dumps(to_document(comparison), indent=2, allow_nan=False) + "\n"
