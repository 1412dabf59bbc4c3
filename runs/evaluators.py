"""Which evaluators a specification may name: the operator decides about code."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from evaluation.config import parse_config
from evaluation.config.model import EvaluatorSpec
from evaluation.errors import ConfigError, EvaluationError
from evaluation.evaluators.fetched import verified
from evaluation.evaluators.places import locate
from evaluation.evaluators.running import Rules
from evaluation.values import JSON
from runs.judges import check_judge_addresses

# The folder in the folder of evaluators that remote ones are fetched into.
FETCHED = "fetched"


def evaluator_rules() -> Rules | None:
    """Return what evaluators that are files may do; None when there may be none."""
    if settings.EVALUATOR_DIR is None:
        return None
    return Rules(
        folder=str(settings.EVALUATOR_DIR),
        fetched=str(settings.EVALUATOR_DIR / FETCHED),
        memory_mb=settings.EVALUATOR_MEMORY_MB,
        max_timeout_s=settings.EVALUATOR_TIMEOUT_S,
    )


def check_config(document: JSON, *, allow_unknown_metrics: bool = False) -> None:
    """Check an evaluation's configuration as a client may send it.

    With ``allow_unknown_metrics`` a metric that does not exist is the engine's to answer.

    Raises:
        ConfigError: it is wrong, or names an evaluator that may not be run here, or a
            judge that may not be asked.
    """
    config = parse_config(document, allow_unknown_metrics=allow_unknown_metrics)
    check_judge_addresses(document)
    for spec in config.evaluators:
        check_spec(spec)


def check_spec(spec: EvaluatorSpec) -> None:
    """Check that an evaluator may be run here.

    Raises:
        ConfigError: it is somebody's code, and not allowed.
    """
    if spec.type in {"code", "remote"}:
        _check_allowed(spec, evaluator_rules())


def _check_allowed(spec: EvaluatorSpec, rules: Rules | None) -> None:
    if rules is None or rules.folder is None or rules.fetched is None:
        raise ConfigError(
            f"evaluator {spec.name!r} is of type {spec.type!r}, which this server does not "
            "run; its operator can allow the evaluators of one folder with "
            "AGENTEVALS_EVALUATOR_DIR"
        )
    if spec.options.get("environment"):
        raise ConfigError(
            f"evaluator {spec.name!r}: environment: this server passes no variables on; "
            "remove it"
        )
    try:
        if spec.type == "code":
            locate(spec.options["path"], Path(rules.folder))
        else:
            verified(spec, Path(rules.fetched))
    except EvaluationError as error:
        raise ConfigError(f"evaluator {spec.name!r}: {error}") from error
    if spec.options["timeout"] > rules.max_timeout_s:
        raise ConfigError(
            f"evaluator {spec.name!r}: timeout must be at most "
            f"{rules.max_timeout_s:g} (AGENTEVALS_EVALUATOR_TIMEOUT_S), "
            f"got {spec.options['timeout']}"
        )
