"""The contract's acceptance checks of evaluating at once: items 10 and 13.

The rest is in test_appendix_a.py.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient
from pytest_django import Settings

from results.evaluating.hosts import keeper
from runs.models import Run
from tests.results.evaluating.asking import (
    METRIC,
    events_of,
    form,
    post_form,
    post_json,
)
from tests.runs.multipart import Part

CONFIG = {"metrics": [METRIC]}
FORM, STREAM = "/api/evaluate", "/api/evaluate/stream"


def keys(node: Any) -> set[str]:
    """Return every name in a document, but not those below what is somebody's own."""
    if isinstance(node, list):
        return {name for item in node for name in keys(item)}
    if not isinstance(node, dict):
        return set()
    below = [value for name, value in node.items() if name not in OWN]
    return set(node) | {name for value in below for name in keys(value)}


# Arguments are the agent's; explanations and details are the evaluator's.
OWN = {"args", "explanation", "details"}


@pytest.mark.django_db(transaction=True, databases=["default", "heartbeat"])
class TestItem10Recording:
    """An evaluation at once is one run in the history, and its id is in the answer."""

    @pytest.fixture(autouse=True)
    async def _connections(self, transactional_db: None) -> AsyncIterator[None]:
        yield
        keeper.close()
        await sync_to_async(connections.close_all)()

    async def test_a_call_is_one_uploaded_run(
        self, async_client: AsyncClient, helm: bytes, golden: bytes
    ) -> None:
        parts = form(("helm.json", helm), config=CONFIG, golden=golden)

        response = await post_form(async_client, parts)

        run = await Run.objects.aget()
        target = run.spec["target"]
        assert response.json()["data"]["runId"] == str(run.pk)
        assert (target["kind"], target["trace_files"]) == ("uploaded", ["helm.json"])
        assert target["trace_count"] == 1

    async def test_the_last_event_of_a_stream_has_the_id(
        self, async_client: AsyncClient, helm: bytes
    ) -> None:
        parts = form(("helm.json", helm), config=CONFIG)

        events = await events_of(await post_form(async_client, parts, STREAM))

        assert events[-1][1]["done"] is True
        assert events[-1][1]["result"]["runId"] == str((await Run.objects.aget()).pk)


class TestItem10WithoutStorage:
    """The id is null, and the evaluation is answered all the same."""

    async def test_the_id_is_null(
        self, async_client: AsyncClient, settings: Settings, helm: bytes
    ) -> None:
        settings.DURABLE = False

        response = await post_form(
            async_client, form(("helm.json", helm), config=CONFIG)
        )

        assert response.status_code == 200
        assert response.json()["data"]["runId"] is None


class TestItem13AtOnce:
    """Names, refusals and streams of what is evaluated or converted at once.

    Differs: any format of trace is read from a JSON body, not only OTLP, so what is
    refused there is a body in which nothing is found.
    """

    @pytest.fixture(autouse=True)
    def _memory(self, settings: Settings) -> None:
        settings.DURABLE = False

    async def test_every_name_of_ours_is_camel_case(
        self, async_client: AsyncClient, helm: bytes, golden: bytes
    ) -> None:
        parts = form(("helm.json", helm), config=CONFIG, golden=golden)

        data = (await post_form(async_client, parts)).json()["data"]

        assert [name for name in keys(data) if "_" in name] == []

    @pytest.mark.parametrize(
        ("config", "detail"),
        [
            (b"{", "Invalid config JSON: "),
            ({"metrics": []}, "Config must include 'metrics' as a non-empty array"),
            (
                {"metrics": [METRIC], "threshold": 2},
                "Threshold must be between 0 and 1",
            ),
        ],
    )
    async def test_a_wrong_configuration_is_400_and_an_event_of_a_stream(
        self, async_client: AsyncClient, helm: bytes, config: Any, detail: str
    ) -> None:
        parts = form(("helm.json", helm), config=config)

        response = await post_form(async_client, parts)
        (event,) = await events_of(await post_form(async_client, parts, STREAM))

        assert response.status_code == 400
        assert response.json()["detail"].startswith(detail)
        assert event[1]["error"].startswith(detail)

    async def test_a_wrong_extension_is_400(
        self, async_client: AsyncClient, helm: bytes
    ) -> None:
        response = await post_form(
            async_client, form(("helm.txt", helm), config=CONFIG)
        )

        assert response.status_code == 400
        assert response.json()["detail"] == (
            "Invalid file extension for helm.txt. "
            "Only .json and .jsonl files are allowed."
        )

    @pytest.mark.parametrize(
        ("body", "status", "told"),
        [
            ({}, 422, "traces"),
            ({"traces": {"resourceSpans": []}}, 400, "No traces"),
            ({"traces": {"a": 1}}, 400, "resourceSpans"),
        ],
    )
    async def test_a_body_without_traces_is_refused(
        self, async_client: AsyncClient, body: Any, status: int, told: str
    ) -> None:
        response = await post_json(async_client, body)

        assert response.status_code == status
        assert told in json.dumps(response.json()["detail"])

    async def test_a_file_of_unknown_shape_is_said_to_be_so(
        self, async_client: AsyncClient, helm: bytes
    ) -> None:
        known = await post_form(
            async_client, [Part("trace_files", helm, "a.json")], "/api/convert"
        )
        unknown = await post_form(
            async_client, [Part("trace_files", b'{"a": 1}', "b.json")], "/api/convert"
        )

        assert len(known.json()["data"]["traces"]) == 1
        assert unknown.status_code == 400
        assert "Could not detect trace format" in unknown.json()["detail"]
