"""Bug reports: what is in them, what never is, and who gets one."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from agentevals_site.debugging.lines import KEPT, RecentLines
from agentevals_site.debugging.secrets import without_secrets
from runs.models import ApiToken, Scope

FILES = [
    "metadata.json",
    "backend_logs.txt",
    "frontend_state.json",
    "console_logs.json",
    "network_errors.json",
]


def ask(client: Client, body: Any = None, **options: Any) -> Any:
    """Ask for a bug report."""
    return client.post(
        "/api/debug/bundle",
        json.dumps({} if body is None else body),
        content_type="application/json",
        **options,
    )


def unpack(response: Any) -> dict[str, str]:
    """Return the files of a bug report, by their paths below its folder."""
    assert response.status_code == 200, response.content
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        return {
            name.partition("/")[2]: archive.read(name).decode()
            for name in archive.namelist()
        }


def test_a_report_holds_what_the_contract_lists(client: Client) -> None:
    response = ask(client, {"user_description": "hangs", "app_state": {"page": 1}})

    files = unpack(response)
    metadata = json.loads(files["metadata.json"])
    assert list(files) == FILES
    assert response["Content-Type"] == "application/zip"
    assert "bug-report-" in response["Content-Disposition"]
    assert metadata["user_description"] == "hangs"
    assert set(metadata["api_keys"]) == {"google", "anthropic", "openai"}
    assert json.loads(files["frontend_state.json"]) == {"page": 1}


def test_a_report_holds_the_last_lines_of_the_log(client: Client) -> None:
    logging.getLogger("runs.queue").warning("something odd: %s", 7)

    text = unpack(ask(client))["backend_logs.txt"]

    assert text.splitlines()[-1].endswith("WARNING runs.queue: something odd: 7")


def test_secrets_are_covered_wherever_they_stand(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "open-sesame-1")
    logging.getLogger("runs").warning("calling with open-sesame-1")

    packed = unpack(ask(client, {"app_state": {"seen": "open-sesame-1"}}))

    assert "open-sesame" not in "".join(packed.values())


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hush.hush",
        "aev_0123abcd_hushhushhush",
        "key sk-hushhushhush",
        "postgres://me:hush@db/x",
        "api_key=hush",
        '"password": "hush"',
    ],
)
def test_what_looks_like_a_secret_is_covered(text: str) -> None:
    assert "hush" not in without_secrets(text, {})


def test_plain_words_stay(client: Client) -> None:
    text = "run=5 succeeded (traces=1, results=2) tokens used: 7"

    assert without_secrets(text, {"HOME": "succeeded"}) == text


def test_only_the_last_lines_are_kept() -> None:
    recent = RecentLines()
    for number in range(KEPT + 5):
        recent.handle(logging.makeLogRecord({"msg": f"line {number}"}))

    lines = recent.text().splitlines()

    assert len(lines) == KEPT
    assert lines[0].endswith("line 5")


def test_a_line_that_cannot_be_rendered_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    recent = RecentLines()

    recent.handle(logging.makeLogRecord({"msg": "%d", "args": ("x",)}))

    assert recent.text() == ""


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], []),
        ({"user_description": 5}, ["user_description"]),
        ({"console_logs": [5]}, ["console_logs"]),
    ],
)
def test_a_wrong_field_is_refused(client: Client, body: Any, place: list[str]) -> None:
    response = ask(client, body)

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", *place]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scope", "status"), [(None, 401), ("read", 403), ("write", 403), ("admin", 200)]
)
def test_where_tokens_are_demanded_it_takes_an_administrator(
    client: Client, settings: Settings, scope: str | None, status: int
) -> None:
    settings.API_AUTH = "token"
    headers = {}
    if scope:
        issued = ApiToken.issue("t", [Scope(scope)])
        headers = {"authorization": f"Bearer {issued.text}"}

    assert ask(client, headers=headers).status_code == status


def test_nothing_can_be_loaded_without_live_mode(client: Client) -> None:
    file = SimpleUploadedFile("report.zip", b"PK")

    missing = client.post("/api/debug/load", {})
    response = client.post("/api/debug/load", {"file": file})

    assert missing.status_code == 422
    assert response.status_code == 503
    assert response.json()["detail"] == "Live mode not enabled"
