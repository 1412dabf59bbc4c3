"""A comparison as a JSON document: snake_case for files, camelCase for the API."""

from __future__ import annotations

import msgspec

from evaluation.comparing.model import Comparison, Figures, Finding, Interval, Judged
from evaluation.documents import camel
from evaluation.values import JSON, JSONObject


def to_document(comparison: Comparison) -> JSONObject:
    """Render a comparison; no key is anybody's own, so all of them may be renamed."""
    return {
        "base": comparison.base,
        "run": comparison.run,
        "rule": comparison.rule,
        **_finding(comparison.finding),
        "warnings": list(comparison.warnings),
        "counts": comparison.counts,
        "overall": _figures(comparison.overall),
        "evaluators": [
            {
                "evaluator": each.evaluator,
                "better": each.better,
                **_finding(each.finding),
                "counts": each.counts,
                **_figures(each.figures),
            }
            for each in comparison.evaluators
        ],
        "pairs": [_pair(judged) for judged in comparison.pairs],
    }


def to_api(comparison: Comparison) -> JSONObject:
    """Render a comparison in the API's form."""
    document: JSONObject = _in_camel_case(to_document(comparison))
    return document


def _finding(finding: Finding) -> JSONObject:
    return {"verdict": finding.verdict, "reason": finding.reason}


def _figures(figures: Figures) -> JSONObject:
    document: JSONObject = msgspec.structs.asdict(figures)
    return document | {"interval": _interval(figures.interval)}


def _interval(interval: Interval | None) -> JSONObject | None:
    return None if interval is None else msgspec.structs.asdict(interval)


def _pair(judged: Judged) -> JSONObject:
    pair = judged.pair
    base, run = pair.base, pair.run
    return {
        "evaluator": pair.evaluator,
        "change": judged.change,
        "paired_by": pair.paired_by,
        "case_id": pair.case_id,
        "base_trace_id": base.trace_id if base else None,
        "run_trace_id": run.trace_id if run else None,
        "base_status": base.status if base else None,
        "run_status": run.status if run else None,
        "base_score": base.score if base else None,
        "run_score": run.score if run else None,
        "score_delta": pair.delta,
    }


def _in_camel_case(node: JSON) -> JSON:
    if isinstance(node, dict):
        return {camel(key): _in_camel_case(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_in_camel_case(value) for value in node]
    return node
