"""Logging: standard library loggers, one line each on stderr, or JSON for machines."""

from __future__ import annotations

import logging.config
from typing import Any

TEXT = "%(levelname)s:%(name)s:%(message)s"
LEVELS = {"CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"}
# Libraries that tell every step at INFO; the HTTP client tells whole URLs.
QUIET = (
    "daphne",
    "django.channels.server",
    "asyncio",
    "twisted",
    "httpx2",
    "httpcore2",
)


def json_formatter() -> logging.Formatter:
    """Return a formatter that writes one JSON object a line."""
    # Late: it brings a console renderer that weighs more than the whole rest.
    import structlog

    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
    )


FORMATTERS: dict[str, dict[str, Any]] = {
    "text": {"format": TEXT},
    "json": {"()": json_formatter},
}


def configure(config: dict[str, Any]) -> None:
    """Set up logging; Django calls it with ``settings.LOGGING``."""
    level = config["level"] if config["level"] in LEVELS else "INFO"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {config["format"]: FORMATTERS[config["format"]]},
            "handlers": {
                "console": {
                    "class": "logging.StreamHandler",
                    "formatter": config["format"],
                }
            },
            "root": {"level": level, "handlers": ["console"]},
            "loggers": {name: {"level": "WARNING"} for name in QUIET},
        }
    )
