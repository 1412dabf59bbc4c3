"""Logging: standard library loggers, one line each on stderr, or JSON for machines."""

from __future__ import annotations

import logging.config
from collections.abc import MutableMapping
from typing import Any

from agentevals_site.debugging.lines import RECENT
from runs.api import request_id

TEXT = "%(levelname)s:%(name)s:%(message)s"
LEVELS = {"CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"}
SERVER_ERROR = 500
# Libraries that tell every step at INFO; the HTTP client tells whole URLs.
QUIET = (
    "daphne",
    "django.channels.server",
    "asyncio",
    "twisted",
    "httpx2",
    "httpcore2",
)


def keep_faults(record: logging.LogRecord) -> bool:
    """Keep of Django's lines about requests only faults of ours, each with its request.

    Any other status from 400 on is an answer: it is meant for the client, and whatever an
    operator should know of it is logged where it is decided.
    """
    if not record.exc_info or getattr(record, "status_code", 500) < SERVER_ERROR:
        return False
    record.msg = f"{record.msg} (request {request_id.current()})"
    return True


def without_traceback(record: logging.LogRecord) -> bool:
    """Tell of a host that nobody allowed in a line: where Django noticed says nothing."""
    record.exc_info = None
    return True


def _name_request(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Add the id of the request that a line belongs to."""
    if request_id.current():
        event["request_id"] = request_id.current()
    return event


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
            _name_request,
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
                },
                "recent": {"()": lambda: RECENT},
            },
            "filters": {
                "faults": {"()": lambda: keep_faults},
                "brief": {"()": lambda: without_traceback},
            },
            "root": {"level": level, "handlers": ["console", "recent"]},
            "loggers": {
                "django.request": {"filters": ["faults"]},
                "django.security.DisallowedHost": {"filters": ["brief"]},
                **{name: {"level": "WARNING"} for name in QUIET},
            },
        }
    )
