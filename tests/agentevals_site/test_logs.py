"""Log lines for people and for machines."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest
from django.test import Client

from agentevals_site.logs import json_formatter
from runs.api import request_id
from tests.conftest import PROJECT

LIGHT = "import django; django.setup(); import sys; print(*sys.modules)"


def test_a_json_line_says_when_who_and_what() -> None:
    record = logging.LogRecord("runs", logging.INFO, "", 0, "run=%s", ("x",), None)

    line = json.loads(json_formatter().format(record))

    assert (line["event"], line["level"], line["logger"]) == ("run=x", "info", "runs")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("heavy", ["twisted", "structlog", "rich", "numpy", "httpx2"])
def test_a_process_that_does_not_serve_starts_light(heavy: str) -> None:
    started = subprocess.run(
        [sys.executable, "-c", LIGHT],
        cwd=PROJECT,
        env={
            "DJANGO_SETTINGS_MODULE": "agentevals_site.settings",
            "AGENTEVALS_SECRET_KEY": "x",
            "AGENTEVALS_STORAGE_BACKEND": "sqlite",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert heavy not in started.stdout.split()


def test_a_json_line_names_the_request_that_it_belongs_to() -> None:
    request_id.begin("abc-3")
    record = logging.LogRecord("runs", logging.INFO, "", 0, "x", (), None)

    line = json.loads(json_formatter().format(record))

    assert line["request_id"] == "abc-3"


def test_a_host_that_is_not_allowed_is_one_line(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/api/health", headers={"host": "elsewhere.example"})

    (record,) = caplog.records
    assert response.status_code == 400
    assert "elsewhere.example" in record.message
    assert record.exc_info is None
