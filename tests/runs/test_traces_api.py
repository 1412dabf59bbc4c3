"""The traces of a run are handed out as they came in."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import Run, RunInput
from runs.spec import read_submission
from runs.submission import submit
from tests.runs.asking import faults

pytestmark = [pytest.mark.durable, pytest.mark.django_db]

VERBATIM = b'{ "resourceSpans" : [ ],\n "n": 1e16, "m": -0.0, "\xc3\xa9": 1 }'


@pytest.fixture
def run(db: None) -> Run:
    body = b'{"spec":{"target":{"kind":"inline","inline":%s}}}' % VERBATIM
    (answer,) = submit([read_submission(body)], max_attempts=1)
    return answer.run


def test_a_trace_comes_back_byte_for_byte(client: Client, run: Run) -> None:
    answer = client.get(f"/api/runs/{run.pk}/traces/0")

    digest = hashlib.sha256(VERBATIM).hexdigest()
    assert answer.status_code == 200
    assert answer.content == VERBATIM
    assert answer["Content-Type"] == "application/json"
    assert answer["ETag"] == f'"{digest}"'
    assert answer["Content-Disposition"] == f'attachment; filename="{run.pk}-0.json"'


def test_an_unchanged_trace_is_not_sent_again(client: Client, run: Run) -> None:
    etag = client.get(f"/api/runs/{run.pk}/traces/0")["ETag"]

    with CaptureQueriesContext(connection) as statements:
        again = client.get(
            f"/api/runs/{run.pk}/traces/0", headers={"If-None-Match": etag}
        )

    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == etag
    assert not any('"content"' in each["sql"] for each in statements)
    other = client.get(f"/api/runs/{run.pk}/traces/0", headers={"If-None-Match": '"x"'})
    assert other.status_code == 200


def test_the_list_tells_what_each_trace_is(client: Client, run: Run) -> None:
    (listed,) = client.get(f"/api/runs/{run.pk}/traces").json()["data"]

    assert listed == {
        "position": 0,
        "name": None,
        "format": "otlp-json",
        "size": len(VERBATIM),
        "digest": hashlib.sha256(VERBATIM).hexdigest(),
    }


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("helm.json", 'filename="helm.json"'),
        ("../../etc/passwd", 'filename="_.._etc_passwd"'),
        ('a"b\r\nX-Evil: 1.json', 'filename="a_b_X-Evil_1.json"'),
        ("Prüfung.json", "filename*=utf-8''Pr%C3%BCfung.json"),
        ("///", 'filename="_"'),
        ("...", 'filename="file"'),
    ],
)
def test_a_file_name_is_harmless(
    client: Client, run: Run, name: str, saved: str
) -> None:
    RunInput.objects.filter(run=run).update(name=name)

    answer = client.get(f"/api/runs/{run.pk}/traces/0")

    assert answer["Content-Disposition"] == f"attachment; {saved}"
    assert "X-Evil" not in answer.headers


@pytest.mark.parametrize(
    ("format", "name", "media_type"),
    [
        ("otlp-json", "spans.JSONL", "application/x-ndjson"),
        ("otlp-proto", "spans.pb", "application/x-protobuf"),
        ("jaeger-json", "spans", "application/json"),
    ],
)
def test_the_media_type_is_that_of_the_bytes(
    client: Client,
    run: Run,
    format: str,  # noqa: A002 - the field's name
    name: str,
    media_type: str,
) -> None:
    RunInput.objects.filter(run=run).update(name=name)
    stored = RunInput.objects.select_related("document").get(run=run).document
    stored.format = format
    stored.save(update_fields=["format"])

    answer = client.get(
        f"/api/runs/{run.pk}/traces/0", headers={"Accept": "application/x-protobuf"}
    )

    assert answer["Content-Type"] == media_type


@pytest.mark.parametrize("place", ["1", "-1", "x", "9" * 30, "0.0", "%D9%A0", "%00"])
def test_a_place_without_a_trace_is_not_found(
    client: Client, run: Run, place: str
) -> None:
    answer = client.get(f"/api/runs/{run.pk}/traces/{place}")

    assert answer.status_code == 404
    assert answer.json()["code"] == "trace_not_found"
    assert "counted from 0" in answer.json()["detail"]


def test_the_run_has_to_be_there(client: Client) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"

    assert client.get(f"/api/runs/{unknown}/traces").status_code == 404
    assert client.get(f"/api/runs/{unknown}/traces/0").status_code == 404
    assert faults(client.get("/api/runs/xyz/traces/0")) == [["path", "run_id"]]


def test_a_head_request_tells_the_size(client: Client, run: Run) -> None:
    answer: Any = client.head(f"/api/runs/{run.pk}/traces/0")

    assert answer.status_code == 200
    assert answer["Content-Length"] == str(len(VERBATIM))
