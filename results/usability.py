"""Whether an evaluator can be used on this server now, and if not, why."""

from __future__ import annotations

from evaluation.config.model import EvaluatorSpec
from evaluation.errors import ConfigError
from evaluation.judging.model import Target
from evaluation.judging.providers import ProviderError
from evaluation.metrics.judged.panel import CODES
from evaluation.metrics.metric import Metric
from evaluation.metrics.registry import METRICS
from evaluation.values import JSONObject
from results.judging import directory
from runs.evaluators import check_spec

UNSUPPORTED = {"openai_eval"}


def needs(spec: EvaluatorSpec) -> list[str]:
    """Name what the evaluator needs beside a trace."""
    metric = METRICS.get(spec.metric)
    if metric is None:
        return []
    flags = {
        "eval_set": metric.requires_eval_set,
        "judge": metric.requires_llm,
        "rubrics": metric.requires_rubrics,
        "vertex_ai": metric.requires_gcp,
    }
    return [name for name, is_needed in flags.items() if is_needed]


def unusable_reason(spec: EvaluatorSpec) -> JSONObject | None:
    """Return the code and the text of what is missing here; None if nothing is.

    A judge that has a key and an address counts as usable: nobody is asked.
    """
    if spec.type in UNSUPPORTED:
        return {
            "code": "unsupported_evaluator",
            "text": f"Evaluators of type {spec.type!r} cannot be evaluated.",
        }
    if spec.type != "builtin":
        return _code_reason(spec)
    metric = METRICS[spec.metric]
    return _judge_reason(spec) if metric.requires_llm else _lack_of(metric)


def _lack_of(metric: Metric) -> JSONObject | None:
    if metric.lack is None:
        return None
    text = metric.lack.text.format(name=metric.name)
    return {"code": metric.lack.code, "text": text}


def _judge_reason(spec: EvaluatorSpec) -> JSONObject | None:
    target = Target(
        model=spec.options.get("judge_model"),
        base_url=spec.options.get("judge_base_url"),
        credential=spec.options.get("credential_ref"),
    )
    try:
        directory().endpoint(target)
    except ProviderError as error:
        return {"code": CODES[error.kind], "text": str(error)}
    return None


def _code_reason(spec: EvaluatorSpec) -> JSONObject | None:
    try:
        check_spec(spec)
    except ConfigError as error:
        return {"code": "evaluator_not_allowed", "text": str(error)}
    return None
