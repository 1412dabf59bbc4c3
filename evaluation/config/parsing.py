"""Reading a configuration document: both shapes of the peer, in either key style."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.config.entries import Defaults, read_entry
from evaluation.config.model import (
    DEFAULT_METRIC,
    EvaluationConfig,
    EvaluatorSpec,
)
from evaluation.documents import (
    DocumentError,
    Fields,
    as_object,
    as_string,
    check_depth,
    fault,
    level,
    read_fields,
    shown,
)
from evaluation.errors import ConfigError
from evaluation.metrics.options import (
    MATCH_TYPES,
    as_amount,
    as_base_url,
    as_count,
    as_prices,
    choice,
)
from evaluation.values import JSON

MAX_NODES = 100_000  # a configuration is small; YAML aliases can unfold without end

_CONFIG = level(
    "a configuration",
    "evaluators metrics custom_evaluators custom_metrics judge_model threshold"
    " trajectory_match_type trace_format case_fallback group_by"
    " max_concurrent_traces max_concurrent_evals judge_base_url judge_prices"
    " max_judge_calls max_cost_usd",
    closed=True,
)
_LISTS = ("evaluators", "metrics", "custom_evaluators", "custom_metrics")


def parse_config(
    document: JSON,
    *,
    path: str = "",
    allow_unknown_metrics: bool = False,
    any_threshold: bool = False,
) -> EvaluationConfig:
    """Check a configuration and bring it into one form.

    Args:
        document: the decoded document: ``evaluators``, or ``metrics`` and
            ``customEvaluators``; the default metric when it has none of them.
        path: what stands before the paths in errors, e.g. ``spec.evalConfig``.
        allow_unknown_metrics: let the engine answer for a metric that does not exist.
        any_threshold: accept a threshold for all metrics that no score can reach.

    Raises:
        ConfigError: the text names the key, its value and a cure; ``path`` the key.
    """
    try:
        check_depth(document, max_nodes=MAX_NODES)
        fields = read_fields(document, path, _CONFIG)
        return _config(
            fields,
            _defaults(fields, any_threshold=any_threshold),
            allow_unknown_metrics=allow_unknown_metrics,
        )
    except DocumentError as error:
        raise ConfigError(str(error), path=error.path) from error


def read_defaults(document: JSON) -> Defaults:
    """Read only what a configuration says for all evaluators.

    Raises:
        ConfigError: a value is wrong.
    """
    try:
        return _defaults(read_fields(document, "", _CONFIG), any_threshold=False)
    except DocumentError as error:
        raise ConfigError(str(error), path=error.path) from error


def _defaults(fields: Fields, *, any_threshold: bool) -> Defaults:
    threshold = fields.optional("threshold", as_amount)
    if threshold is not None and threshold > 1 and not any_threshold:
        raise fault(
            fields.path_of("threshold"),
            f"must be between 0 and 1, got {shown(threshold)}; "
            "metrics on another scale take a threshold of their own.",
        )
    return Defaults(
        threshold=threshold,
        judge_model=fields.optional("judge_model", as_string),
        judge_base_url=fields.optional("judge_base_url", as_base_url),
        prices=fields.optional("judge_prices", as_prices),
        trajectory_match_type=fields.optional(
            "trajectory_match_type", choice(*MATCH_TYPES)
        ),
    )


def _config(
    fields: Fields, defaults: Defaults, *, allow_unknown_metrics: bool
) -> EvaluationConfig:
    given = _entries(fields)
    specs = [
        read_entry(entry, place, defaults, allow_unknown=allow_unknown_metrics)
        for entry, place in given or [({"name": DEFAULT_METRIC, "type": "builtin"}, "")]
    ]
    _refuse_repeated(specs, [place for _, place in given])
    fields.optional("group_by", choice("auto", "trace"))
    return EvaluationConfig(
        evaluators=tuple(specs),
        case_fallback=fields.optional("case_fallback", choice("none", "first"))  # type: ignore[arg-type]  # choice() gives one of its names
        or "none",
        trace_format=fields.optional("trace_format", as_string) or None,
        uses_default=not given,
        max_concurrent_traces=fields.optional("max_concurrent_traces", as_count) or 10,
        max_concurrent_evals=fields.optional("max_concurrent_evals", as_count),
        max_judge_calls=fields.optional("max_judge_calls", as_count),
        max_cost_usd=fields.optional("max_cost_usd", as_amount),
    )


def _entries(fields: Fields) -> list[tuple[JSON, str]]:
    """Collect the entries of all lists with their places, metrics first."""
    present = [name for name in _LISTS if fields.values.get(name) is not None]
    if "evaluators" in present and len(present) > 1:
        raise fault(
            fields.path_of(present[1]),
            "stands beside 'evaluators'; list everything under 'evaluators'.",
        )
    if {"custom_evaluators", "custom_metrics"} <= set(present):
        raise fault(
            fields.path_of("custom_metrics"),
            "stands beside 'customEvaluators', its other name; keep one of them.",
        )
    entries: list[tuple[JSON, str]] = []
    for name in present:
        entries.extend(_list(fields, name))
    return entries


def _list(fields: Fields, name: str) -> list[tuple[JSON, str]]:
    items = fields.items(name, _as_entry if name == "metrics" else as_object) or ()
    path = fields.path_of(name)
    if not items and name in {"evaluators", "metrics"}:
        raise fault(
            path, "is empty, so nothing would be evaluated; name at least one metric."
        )
    if name.startswith("custom"):
        items = tuple({"type": "builtin", **item} for item in items)
    return [(item, f"{path}[{i}]") for i, item in enumerate(items)]


def _as_entry(value: JSON, path: str) -> JSON:
    return {"name": as_string(value, path), "type": "builtin"}


def _refuse_repeated(specs: Sequence[EvaluatorSpec], places: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for spec, place in zip(specs, places, strict=False):
        if spec.name in seen:
            raise fault(
                place,
                f"{spec.name!r} is listed twice, first at {seen[spec.name]}; remove "
                "one, or give it another 'name' and the metric as 'metric'.",
            )
        seen[spec.name] = place
