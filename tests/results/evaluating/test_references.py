"""Evaluations that are answered at once refer to stored evaluators, as runs do."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient

from results.evaluating.hosts import keeper
from runs.models import Run, StoredEvaluator
from tests.results.evaluating.asking import events_of, form, post_form, post_json

STORED = {"metric": "contains", "texts": ["deployed"]}
REFERENCE = {"evaluators": [{"ref": "mine", "threshold": 0.25}]}
EVALUATE_JSON = "/api/evaluate/json"


@pytest.fixture
async def stored(transactional_db: None) -> AsyncIterator[None]:
    """Set an evaluator up; afterwards give back what other threads hold."""
    await StoredEvaluator.objects.acreate(name="mine", type="builtin", config=STORED)
    yield
    keeper.close()
    await sync_to_async(connections.close_all)()


durable = [
    pytest.mark.durable,
    pytest.mark.django_db(transaction=True, databases=["default", "heartbeat"]),
    pytest.mark.usefixtures("stored"),
]


def results_of(data: Any) -> list[tuple[str, Any]]:
    (trace,) = data["traceResults"]
    return [(m["metricName"], m["evalStatus"]) for m in trace["metricResults"]]


class TestStored:
    pytestmark = durable

    async def test_files_are_evaluated_by_it_and_the_run_keeps_a_copy(
        self, async_client: AsyncClient, helm: bytes, golden: bytes
    ) -> None:
        parts = form(("helm.json", helm), config=REFERENCE, golden=golden)

        data = (await post_form(async_client, parts)).json()["data"]

        assert [name for name, _ in results_of(data)] == ["mine"]
        run = await Run.objects.aget()
        (kept,) = run.spec["eval_config"]["evaluators"]
        assert kept == {"name": "mine", "type": "builtin", **STORED, "threshold": 0.25}

    async def test_a_body_of_json_is_evaluated_by_it(
        self, async_client: AsyncClient, helm: bytes
    ) -> None:
        body = {"traces": json.loads(helm), "config": REFERENCE}

        response = await post_json(async_client, body, EVALUATE_JSON)

        assert [name for name, _ in results_of(response.json()["data"])] == ["mine"]

    async def test_a_stream_tells_of_it(
        self, async_client: AsyncClient, helm: bytes
    ) -> None:
        parts = form(("helm.json", helm), config=REFERENCE)

        response = await post_form(async_client, parts, "/api/evaluate/stream")

        events = await events_of(response)
        assert results_of(events[-1][1]["result"])[0][0] == "mine"

    async def test_a_reference_to_nothing_is_refused_in_the_words_of_the_request(
        self, async_client: AsyncClient, helm: bytes
    ) -> None:
        config = {"evaluators": [{"ref": "nothing"}]}
        body = {"traces": json.loads(helm), "config": config}

        of_files = await post_form(
            async_client, form(("helm.json", helm), config=config)
        )
        of_json = await post_json(async_client, body, EVALUATE_JSON)

        assert of_files.status_code == 400
        assert "evaluators[0].ref: there is no stored" in of_files.json()["detail"]
        (fault,) = of_json.json()["detail"]
        assert fault["loc"] == ["body", "config", "evaluators[0].ref"]

    async def test_what_a_reference_makes_is_checked(
        self, async_client: AsyncClient, helm: bytes
    ) -> None:
        config = {"evaluators": [{"ref": "mine", "textss": []}]}

        response = await post_form(
            async_client, form(("helm.json", helm), config=config)
        )

        assert response.status_code == 400
        assert "textss" in response.json()["detail"]


@pytest.mark.usefixtures("memory")
async def test_without_storage_a_reference_is_refused_with_the_cure(
    async_client: AsyncClient, helm: bytes
) -> None:
    body = {"traces": json.loads(helm), "config": REFERENCE}

    of_files = await post_form(async_client, form(("a.json", helm), config=REFERENCE))
    of_json = await post_json(async_client, body, EVALUATE_JSON)

    assert of_files.status_code == 400
    assert "AGENTEVALS_STORAGE_BACKEND" in of_files.json()["detail"]
    (fault,) = of_json.json()["detail"]
    assert (of_json.status_code, fault["loc"]) == (
        422,
        ["body", "config", "evaluators"],
    )
