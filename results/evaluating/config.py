"""The configuration that comes with files, refused in the contract's words."""

from __future__ import annotations

import msgspec

from evaluation.errors import ConfigError
from evaluation.values import JSON, JSONObject
from runs.errors import BadRequestError
from runs.fields import NUL
from runs.storing_evaluators import settled

CUSTOM = ("customEvaluators", "custom_evaluators", "customMetrics", "custom_metrics")


def decode_config(text: str) -> JSONObject:
    """Decode the text of the form's ``config``.

    Raises:
        BadRequestError: it is no JSON object.
    """
    try:
        document: JSON = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequestError(f"Invalid config JSON: {error}") from error
    if not isinstance(document, dict):
        raise BadRequestError("Invalid config JSON: it must be an object")
    if NUL.search(text.encode(errors="replace")):
        raise BadRequestError(
            "Invalid config JSON: text must not hold the character U+0000"
        )
    return document


def settle_config(config: JSONObject) -> JSONObject:
    """Complete and check a configuration; a metric that does not exist is found out later.

    Raises:
        BadRequestError: names what is wrong.
    """
    if "metrics" in config and not (
        isinstance(config["metrics"], list) and config["metrics"]
    ):
        raise BadRequestError("Config must include 'metrics' as a non-empty array")
    threshold: JSON = config.get("threshold")
    if _is_number(threshold) and not 0 <= threshold <= 1:
        raise BadRequestError("Threshold must be between 0 and 1")
    try:
        return settled(config, allow_unknown_metrics=True)
    except ConfigError as error:
        raise BadRequestError(_told(error)) from error


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(error: ConfigError) -> str:
    name = next((name for name in CUSTOM if error.path.startswith(name)), None)
    return f"Invalid {name}: {error}" if name else f"Invalid config: {error}"
