"""A bug report as a ZIP file: what the client tells, and what the server is and logged."""

from __future__ import annotations

import io
import json
import os
import platform
import zipfile
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from django.conf import settings

from agentevals_site.debugging.lines import RECENT
from agentevals_site.debugging.secrets import without_secrets
from agentevals_site.views import VERSION, present_keys
from evaluation.values import JSON, JSONObject, Value
from runs.errors import FieldError, InvalidSubmissionError
from runs.fields import Fields

PACKAGES = (
    "django",
    "djangorestframework",
    "channels",
    "daphne",
    "msgspec",
    "psycopg",
    "httpx2",
)


class Report(Value, frozen=True, kw_only=True):
    """What a client tells of a fault."""

    user_description: str = ""
    browser_info: JSONObject = {}
    console_logs: list[JSONObject] = []
    app_state: JSONObject = {}
    network_errors: list[JSONObject] = []


def read_report(body: bytes) -> Report:
    """Read the body of ``POST /api/debug/bundle``; other keys are ignored.

    Raises:
        InvalidSubmissionError: names every field that is wrong.
    """
    errors: list[FieldError] = []
    fields = Fields(body, ("body",), errors)
    report = Report(
        user_description=fields.take("user_description", str, ""),
        browser_info=fields.take("browser_info", dict[str, Any], {}),
        console_logs=fields.take("console_logs", list[dict[str, Any]], []),
        app_state=fields.take("app_state", dict[str, Any], {}),
        network_errors=fields.take("network_errors", list[dict[str, Any]], []),
    )
    if errors:
        raise InvalidSubmissionError(errors)
    return report


class Bundle(Value, frozen=True, kw_only=True):
    """A file and what it is called."""

    name: str
    content: bytes


def make_bundle(report: Report) -> Bundle:
    """Pack everything; secrets are covered wherever they stand."""
    now = datetime.now(UTC)
    name = f"bug-report-{now:%Y%m%d-%H%M%S}"
    files = {
        "metadata.json": _json(_metadata(report, now)),
        "backend_logs.txt": RECENT.text(),
        "frontend_state.json": _json(report.app_state),
        "console_logs.json": _json(report.console_logs),
        "network_errors.json": _json(report.network_errors),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(f"{name}/{path}", without_secrets(text, os.environ))
    return Bundle(name=f"{name}.zip", content=packed.getvalue())


def _metadata(report: Report, now: datetime) -> JSONObject:
    return {
        "timestamp": now.isoformat(),
        "agentevals_version": VERSION,
        "python_version": platform.python_version(),
        "os": platform.system(),
        "os_version": platform.version(),
        "machine": platform.machine(),
        "packages": {name: version(name) for name in PACKAGES},
        "config": {
            "log_level": settings.LOG_LEVEL,
            "live_mode": False,
            "storage_backend": settings.STORAGE_BACKEND,
            "api_auth": settings.API_AUTH,
        },
        "api_keys": present_keys(os.environ),
        "user_description": report.user_description,
        "browser_info": report.browser_info,
    }


def _json(value: JSON) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
