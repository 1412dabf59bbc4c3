"""Checking an eval set over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from runs.api.uploads import MAX_FILE


def validate(client: Client, content: bytes, name: str = "set.json") -> Any:
    """Send a file; return what is said of it."""
    file = SimpleUploadedFile(name, content)
    response = client.post("/api/validate/eval-set", {"eval_set_file": file})
    assert response.status_code == 200, response.content
    return response.json()["data"]


def test_a_sound_eval_set_is_valid(client: Client, samples: Path) -> None:
    data = validate(client, (samples / "eval_set_helm.json").read_bytes())

    assert list(data) == [
        "valid",
        "evalSetId",
        "numCases",
        "errors",
        "warnings",
        "findings",
    ]
    assert (data["valid"], data["errors"], data["findings"]) == (True, [], [])
    assert data["numCases"] == len(
        json.loads((samples / "eval_set_helm.json").read_text())["eval_cases"]
    )


def test_all_errors_are_listed_with_their_paths(client: Client) -> None:
    data = validate(client, b'{"eval_cases": [{"eval_id": 1, "conversation": [5]}]}')

    assert (data["valid"], data["evalSetId"], data["numCases"]) == (False, None, None)
    assert [each["path"] for each in data["findings"]] == [
        "$.eval_cases[0].eval_id",
        "$.eval_cases[0].conversation[0]",
        "$.eval_set_id",
    ]
    assert data["errors"] == [each["text"] for each in data["findings"]]


def test_what_is_suspicious_is_valid_with_a_warning(client: Client) -> None:
    data = validate(client, b'{"eval_set_id": "x", "eval_cases": []}')

    assert (data["valid"], data["numCases"], data["errors"]) == (True, 0, [])
    assert data["warnings"] == [
        "$: has no case; nothing can be compared with it",
    ]


@pytest.mark.parametrize("content", [b"", b"no JSON", b"\xff\xfe", b"[" * 10_000])
def test_what_is_no_eval_set_is_an_answer_too(client: Client, content: bytes) -> None:
    data = validate(client, content, "../../etc/passwd.txt")

    assert data["valid"] is False
    assert len(data["errors"]) == 1


def test_a_file_over_the_limit_is_an_error_that_says_it(client: Client) -> None:
    data = validate(client, b" " * (MAX_FILE + 1))

    assert data["errors"] == ["$: Eval set file exceeds 10MB limit"]


@pytest.mark.parametrize("form", [{}, {"eval_set_file": "a text"}, {"other": "x"}])
def test_without_the_file_the_request_is_refused(
    client: Client, form: dict[str, str]
) -> None:
    response = client.post("/api/validate/eval-set", form)

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "eval_set_file"]


def test_half_of_a_surrogate_pair_is_an_error(client: Client) -> None:
    data = validate(client, b'{"eval_set_id": "\\ud83d", "eval_cases": []}')

    assert data["valid"] is False
    assert "half of a surrogate pair (\\ud83d)" in data["errors"][0]


def test_a_surrogate_pair_is_a_character(client: Client) -> None:
    data = validate(client, b'{"eval_set_id": "\\ud83d\\ude00", "eval_cases": []}')

    assert data["evalSetId"] == "\N{GRINNING FACE}"
