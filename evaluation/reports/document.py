"""The ``json`` output: the contract's document, always valid JSON."""

from __future__ import annotations

import json
import math

from evaluation.outcome import RunResult
from evaluation.rendering import to_cli_json
from evaluation.values import JSON


def report(result: RunResult, width: int | None = None) -> str:
    """Write a run as JSON, two spaces an indent; ``width`` does not matter."""
    del width
    document = to_cli_json(result)
    try:
        text = json.dumps(document, indent=2, allow_nan=False)
    except ValueError:
        text = json.dumps(_without_nan(document), indent=2, allow_nan=False)
    return text + "\n"


def _without_nan(document: JSON) -> JSON:
    """Replace numbers that JSON has no word for by their names, in place."""
    waiting = [document]
    while waiting:
        container = waiting.pop()
        items = container.items() if isinstance(container, dict) else None
        for key, value in list(items or enumerate(container)):
            if isinstance(value, dict | list):
                waiting.append(value)
            elif isinstance(value, float) and not math.isfinite(value):
                container[key] = str(value)
    return document
