"""A checked configuration as the document that says the same."""

from __future__ import annotations

from evaluation.config.model import EvaluationConfig, EvaluatorSpec
from evaluation.values import JSONObject


def to_document(config: EvaluationConfig) -> JSONObject:
    """Render a configuration so that ``parse_config`` reads the same one again.

    Every evaluator is an entry with all that it was given; nothing is left to defaults
    that another version might set otherwise.
    """
    document: JSONObject = {
        "evaluators": [_entry(spec) for spec in config.evaluators],
        "case_fallback": config.case_fallback,
        "max_concurrent_traces": config.max_concurrent_traces,
    }
    for name in (
        "trace_format",
        "max_concurrent_evals",
        "max_judge_calls",
        "max_cost_usd",
    ):
        value = getattr(config, name)
        if value is not None:
            document[name] = value
    return document


def _entry(spec: EvaluatorSpec) -> JSONObject:
    entry: JSONObject = {"name": spec.name, "type": spec.type, **spec.options}
    if spec.metric not in {"", spec.name}:
        entry["metric"] = spec.metric
    if spec.threshold is not None:
        entry["threshold"] = spec.threshold
    return entry
