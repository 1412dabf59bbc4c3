"""Converting uploaded traces: the contract's answers and refusals."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import AsyncClient, RequestFactory

from results.evaluating.conversion import convert, read_uploads
from runs.errors import DeadlineExceededError
from runs.hosting import Host, Limits
from tests.results.evaluating.asking import post_form
from tests.runs.multipart import CONTENT_TYPE, Part, encode

pytestmark = pytest.mark.usefixtures("memory")
LARGE = b" " * (10 * 1024 * 1024 + 1)


async def ask(client: AsyncClient, *parts: Part) -> Any:
    return await post_form(client, parts, "/api/convert")


def file(name: str, content: bytes) -> Part:
    return Part("trace_files", content, name)


async def test_traces_are_shown_as_turns(
    async_client: AsyncClient, helm: bytes, weather: bytes
) -> None:
    files = file("trace_helm.JSON", helm), file("weather.json", weather)

    response = await ask(async_client, *files)

    assert response.status_code == 200, response.content
    data = response.json()["data"]
    assert [len(trace["invocations"]) for trace in data["traces"]] == [1, 2]
    names = [trace["metadata"]["sessionName"] for trace in data["traces"]]
    assert names == ["helm", None]


async def test_what_is_known_of_a_trace_is_told(
    async_client: AsyncClient, weather: bytes
) -> None:
    response = await ask(async_client, file("a.json", weather))

    metadata = response.json()["data"]["traces"][0]["metadata"]
    assert metadata["agentName"]
    assert metadata["provider"]
    assert metadata["startTime"] == 1_780_308_000_000_000


async def test_half_a_surrogate_pair_within_a_message_is_replaced(
    async_client: AsyncClient,
) -> None:
    said = json.dumps([{"role": "user", "content": "bad \ud83d end"}])
    span = {
        "traceId": "t",
        "spanId": "s",
        "attributes": {"gen_ai.request.model": "m", "gen_ai.input.messages": said},
    }

    response = await ask(async_client, file("a.json", json.dumps(span).encode()))

    assert response.status_code == 200, response.content
    (turn,) = response.json()["data"]["traces"][0]["invocations"]
    assert turn["userContent"]["parts"] == [{"text": "bad \ufffd end"}]


async def test_a_file_that_cannot_be_read_is_named_beside_the_others(
    async_client: AsyncClient, helm: bytes
) -> None:
    response = await ask(async_client, file("bad.json", b"{}"), file("a.json", helm))

    data = response.json()["data"]
    assert len(data["traces"]) == 1
    (warning,) = data["warnings"]
    assert warning.startswith("Failed to load 'bad.json': ")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            [file("a.txt", b"")],
            "Invalid file extension for a.txt. Only .json and .jsonl files are allowed.",
        ),
        ([file("a.json", LARGE)], "File a.json exceeds 10MB limit"),
        ([file("a.json", b'{"x": 1}')], "Could not detect trace format"),
        (
            [file("a.json", b'{"data": []}')],
            "No traces found in uploaded files. Errors: Failed to load 'a.json': ",
        ),
        (
            [file("a.json", b'{"data": []}'), Part("trace_format", b"what")],
            "Unknown trace format 'what'",
        ),
    ],
    ids=["extension", "large", "shape", "empty", "format"],
)
async def test_what_cannot_be_converted_is_refused(
    async_client: AsyncClient, parts: list[Part], message: str
) -> None:
    response = await ask(async_client, *parts)

    assert response.status_code == 400
    assert message in response.json()["detail"]


async def test_a_request_without_files_is_refused(async_client: AsyncClient) -> None:
    response = await ask(async_client, Part("trace_format", b""))

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "trace_files"]


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Host]:
    """Return a host whose evaluators never answer."""
    command = (sys.executable, "-m", "tests.worker.evaluators", "busy")
    host = Host((*command, str(tmp_path), str(os.getpid())), Limits(slots=1))
    yield host
    host.close()


async def test_the_deadline_ends_a_conversion(busy: Host) -> None:
    body = encode([file("a.json", b"{}")])
    form = read_uploads(RequestFactory().generic("POST", "/", body, CONTENT_TYPE))

    async with asyncio.timeout(30):
        with pytest.raises(DeadlineExceededError):
            await convert(form, busy, deadline_s=0.2)
