"""What a command line says on top of a configuration."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from evaluation.config.entries import Defaults
from evaluation.config.model import EvaluationConfig, EvaluatorSpec
from evaluation.config.parsing import parse_config, read_defaults
from evaluation.metrics.registry import METRICS


def with_overrides(
    config: EvaluationConfig,
    *,
    metrics: Sequence[str] = (),
    threshold: float | None = None,
    trajectory_match_type: str | None = None,
    judge_model: str | None = None,
    allow_unknown_metrics: bool = False,
) -> EvaluationConfig:
    """Apply what was said on top; it wins over the file and over its entries.

    Args:
        config: what the file says.
        metrics: further built-in metrics; those already there are left as they are,
            and the default metric gives way.
        threshold: for every metric that a threshold of 0 to 1 makes sense for.
        trajectory_match_type: for every metric that has match types.
        judge_model: for every metric that asks a judge.
        allow_unknown_metrics: as for ``parse_config``.

    Raises:
        ConfigError: a value is wrong.
    """
    said = {
        "threshold": threshold,
        "trajectory_match_type": trajectory_match_type,
        "judge_model": judge_model,
    }
    defaults = read_defaults(said)
    kept = () if metrics and config.uses_default else config.evaluators
    there = {spec.name for spec in kept}
    added = [name for name in dict.fromkeys(metrics) if name not in there]
    asked = parse_config(
        {**said, "metrics": added or None},
        allow_unknown_metrics=allow_unknown_metrics,
    )
    evaluators = tuple(_overridden(spec, defaults) for spec in kept)
    return msgspec.structs.replace(
        config,
        evaluators=evaluators + (asked.evaluators if added else ()),
        uses_default=config.uses_default and not added,
    )


def _overridden(spec: EvaluatorSpec, defaults: Defaults) -> EvaluatorSpec:
    metric = METRICS.get(spec.metric)
    if metric is None:
        return spec
    threshold = spec.threshold
    if defaults.threshold is not None and metric.takes_global_threshold:
        threshold = defaults.threshold
    return msgspec.structs.replace(
        spec,
        threshold=threshold,
        options={**spec.options, **defaults.options_for(metric)},
    )
