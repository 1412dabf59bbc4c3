"""The ``json`` output: the contract's document, always valid JSON."""

from __future__ import annotations

import json

from evaluation.outcome import RunResult
from evaluation.rendering import finite, to_cli_json
from evaluation.values import JSONObject


def report(result: RunResult, width: int | None = None) -> str:
    """Write a run as JSON, two spaces an indent; ``width`` does not matter."""
    del width
    return write(document(result))


def document(result: RunResult) -> JSONObject:
    """Return the document of a run.

    Beside the contract's fields every metric tells its ``threshold``, every trace its
    ``eval_case_id``, and the whole the ``eval_set_digest``: what a comparison needs.
    """
    document = to_cli_json(result)
    document["eval_set_digest"] = result.eval_set_digest
    for trace, told in zip(result.trace_results, document["traces"], strict=True):
        told["eval_case_id"] = trace.eval_case_id
        for metric, row in zip(trace.metric_results, told["metrics"], strict=True):
            row["threshold"] = (metric.explanation or {}).get("threshold")
    return document


def write(document: JSONObject) -> str:
    """Write a document; a score that is no number, which JSON lacks, is spelled out."""
    try:
        text = json.dumps(document, indent=2, allow_nan=False)
    except ValueError:
        text = json.dumps(finite(document), indent=2, allow_nan=False)
    return text + "\n"
