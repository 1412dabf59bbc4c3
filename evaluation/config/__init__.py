"""What to evaluate and how: one frozen value, read from every shape in use."""

from __future__ import annotations

from evaluation.config.files import ConfigFile, load_config_file
from evaluation.config.model import EvaluationConfig, EvaluatorSpec
from evaluation.config.overrides import with_overrides
from evaluation.config.parsing import parse_config

__all__ = [
    "ConfigFile",
    "EvaluationConfig",
    "EvaluatorSpec",
    "load_config_file",
    "parse_config",
    "with_overrides",
]
