"""Reading one evaluator entry; what it may hold depends on its type."""

from __future__ import annotations

import re

from evaluation.config.custom import KINDS, read_custom
from evaluation.config.model import EvaluatorSpec
from evaluation.documents import (
    Fields,
    Level,
    as_object,
    as_string,
    ended,
    fault,
    inside,
    level,
    nearest,
    read_fields,
    shown,
)
from evaluation.metrics.metric import Metric
from evaluation.metrics.options import OPTIONS, as_measure
from evaluation.metrics.registry import METRICS
from evaluation.values import JSON, JSONObject, Value

MAX_NAME_CHARACTERS = 200
# "|" joins the parts that a result's id is made of; nobody can type or see the others.
UNFIT = re.compile(r"[|\x00-\x1f\x7f]")
# The peer accepts these on every built-in entry; where they do not apply they are void.
_TOLERATED = (
    "judge_model",
    "judge_base_url",
    "credential_ref",
    "trajectory_match_type",
)


class Defaults(Value, frozen=True, kw_only=True):
    """What the configuration says for all entries that do not say it themselves."""

    threshold: float | None = None
    judge_model: str | None = None
    judge_base_url: str | None = None
    prices: JSONObject | None = None
    trajectory_match_type: str | None = None

    def options_for(self, metric: Metric) -> JSONObject:
        """Return the options that ``metric`` takes from here."""
        said = {
            "judge_model": self.judge_model,
            "trajectory_match_type": self.trajectory_match_type,
        }
        return {
            key: value
            for key, value in said.items()
            if value is not None and key in metric.options
        } | self._for_judges(metric)

    def _for_judges(self, metric: Metric) -> JSONObject:
        if not metric.requires_llm:
            return {}
        said = {"judge_base_url": self.judge_base_url, "prices": self.prices}
        return {key: value for key, value in said.items() if value is not None}


def read_entry(
    entry: JSON, path: str, defaults: Defaults, *, allow_unknown: bool
) -> EvaluatorSpec:
    """Read one entry.

    Raises:
        DocumentError: the entry has an unknown key, lacks one, or a value is wrong.
    """
    raw = as_object(entry, path)
    name = _name(raw.get("name"), inside(path, "name"))
    kind = _type(raw.get("type"), name, inside(path, "type"))
    if kind == "builtin":
        return _builtin(raw, path, name, defaults, allow_unknown=allow_unknown)
    return read_custom(kind, raw, path, name)


def _name(value: JSON, path: str) -> str:
    if value is None:
        raise fault(path, "is missing; every evaluator needs a 'name'.")
    name = as_string(value, path)
    if not name.strip() or len(name) > MAX_NAME_CHARACTERS or UNFIT.search(name):
        raise fault(
            path,
            f"must be a text of 1 to {MAX_NAME_CHARACTERS} characters without '|' and "
            f"control characters, got {shown(name)}.",
        )
    return name


def _type(value: JSON, name: str, path: str) -> str:
    if isinstance(value, str) and (value == "builtin" or value in KINDS):
        return value
    valid = ", ".join(("builtin", *KINDS))
    if value is None:
        raise fault(
            path, f"is missing; evaluator {name!r} must have a 'type' ({valid})."
        )
    raise fault(
        path,
        f"{shown(value)} is no evaluator type (evaluator {name!r}); "
        f"use one of {valid}.",
    )


def _builtin(
    raw: JSONObject, path: str, name: str, defaults: Defaults, *, allow_unknown: bool
) -> EvaluatorSpec:
    given = raw.get("metric")
    metric_name = name if given is None else as_string(given, inside(path, "metric"))
    metric = METRICS.get(metric_name)
    if metric is None and not allow_unknown:
        close = nearest(metric_name, METRICS) or f"known are {', '.join(METRICS)}"
        raise fault(
            inside(path, "name" if given is None else "metric"),
            ended(f"{metric_name!r} is no metric; {close}"),
        )
    if metric is None:
        return EvaluatorSpec(name=name, metric=metric_name)
    fields = read_fields(raw, path, _level_of(metric))
    return EvaluatorSpec(
        name=name,
        metric=metric_name,
        threshold=_threshold(fields, metric, defaults),
        options=_options(fields, metric, defaults),
    )


def _level_of(metric: Metric) -> Level:
    takes = dict.fromkeys((*metric.options, *_TOLERATED))
    cures = {}
    if metric.better == "informational":
        cures["threshold"] = "it only reports; give 'max' as the most that passes"
    else:
        takes["threshold"] = None
    if metric.options:
        known = f"it takes {', '.join(metric.options)}"
        cures.update({key: known for key in OPTIONS if key not in takes})
    return level(
        f"metric {metric.name!r}",
        " ".join(("name", "type", "metric", *takes)),
        closed=True,
        cures=cures,
    )


def _threshold(fields: Fields, metric: Metric, defaults: Defaults) -> float | None:
    if "threshold" not in fields.values or fields.values["threshold"] is None:
        return defaults.threshold if metric.takes_global_threshold else None
    threshold = as_measure(fields.values["threshold"], fields.path_of("threshold"))
    low, high = metric.range
    if threshold < low or (high is not None and threshold > high):
        raise fault(
            fields.path_of("threshold"),
            f"must be between {low:g} and {high:g}, the scale of {metric.name!r}, "
            f"got {shown(threshold)}.",
        )
    return threshold


def _options(fields: Fields, metric: Metric, defaults: Defaults) -> JSONObject:
    options = defaults.options_for(metric)
    for key in dict.fromkeys((*metric.options, *_TOLERATED)):
        value = fields.optional(key, OPTIONS[key].read)
        if value is not None and key in metric.options:
            options[key] = value
    for key in metric.required_options:
        if key not in options:
            raise fault(
                fields.path_of(key),
                f"is missing; {metric.name!r} needs it ({OPTIONS[key].does}): "
                "list the metric as an entry of 'evaluators' with it.",
            )
    return options
