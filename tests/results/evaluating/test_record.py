"""With storage an evaluation is a run from its first moment to its end."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, Client
from pytest_django import Settings

from evaluation.framing import FrameKind
from results.evaluating.asked import Asked, Sent
from results.evaluating.hosts import host, keeper
from results.evaluating.work import Evaluation
from results.models import Result
from runs import queue
from runs.errors import (
    DeadlineExceededError,
    EvaluationCancelledError,
    EvaluatorDiedError,
)
from runs.models import ApiToken, Run, Scope
from tests.results.evaluating.asking import (
    METRIC,
    events_of,
    form,
    post_form,
    post_json,
)
from tests.results.executing import work_off
from tests.runs.building import event_kinds, let_lease_expire
from tests.slow import slow_request
from tests.worker.supervising import is_running

pytestmark = [
    pytest.mark.durable,
    pytest.mark.django_db(transaction=True, databases=["default", "heartbeat"]),
]
CONFIG = {"metrics": [METRIC]}
PATIENCE_S = 60.0


@pytest.fixture(autouse=True)
async def _connections(transactional_db: None) -> AsyncIterator[None]:
    """Give back, before the database is dropped, what other threads hold."""
    yield
    keeper.close()
    await sync_to_async(connections.close_all)()


async def the_run() -> Run:
    return await Run.objects.aget()


async def test_an_evaluation_is_a_run_in_the_history(
    async_client: AsyncClient, helm: bytes, weather: bytes, golden: bytes
) -> None:
    parts = form(
        ("helm.json", helm), ("weather.json", weather), config=CONFIG, golden=golden
    )

    data = (await post_form(async_client, parts)).json()["data"]

    run = await the_run()
    assert data["runId"] == str(run.pk)
    assert (run.status, run.attempt, run.max_attempts) == ("succeeded", 1, 1)
    target = run.spec["target"]
    assert (target["kind"], target["trace_count"]) == ("uploaded", 2)
    assert target["trace_files"] == ["helm.json", "weather.json"]
    assert run.spec["eval_config"] == CONFIG
    assert run.spec["eval_set"] == json.loads(golden)
    assert run.started_at is not None
    assert run.finished_at is not None
    assert run.started_at < run.finished_at
    assert (run.summary or {})["trace_count"] == 2


async def test_its_results_are_those_of_the_answer(
    async_client: AsyncClient, helm: bytes, golden: bytes
) -> None:
    parts = form(("helm.json", helm), config=CONFIG, golden=golden)

    data = (await post_form(async_client, parts)).json()["data"]

    (result,) = data["traceResults"][0]["metricResults"]
    row = await Result.objects.aget()
    assert (row.evaluator_name, row.status, row.score, row.attempt) == (
        METRIC,
        "passed",
        result["score"],
        1,
    )
    # Stored under the evaluator's own names, answered under the contract's.
    (stored,), (shown,) = row.details["comparisons"], result["details"]["comparisons"]
    assert stored["invocation_id"] == shown["invocationId"]
    assert stored["actual"] == shown["actual"]


async def test_its_events_tell_the_whole_story(
    async_client: AsyncClient, helm: bytes
) -> None:
    await post_form(async_client, form(("helm.json", helm), config=CONFIG))

    kinds = await sync_to_async(event_kinds)(await the_run())
    assert [kinds[0], kinds[1], kinds[-1]] == ["queued", "claimed", "succeeded"]


async def test_a_stream_ends_with_the_id_of_its_run(
    async_client: AsyncClient, helm: bytes
) -> None:
    parts = form(("helm.json", helm), config=CONFIG)

    response = await post_form(async_client, parts, "/api/evaluate/stream")

    _, done = (await events_of(response))[-1]
    assert done["result"]["runId"] == str((await the_run()).pk)


async def test_a_body_is_recorded_with_its_real_count(
    async_client: AsyncClient, helm: bytes
) -> None:
    response = await post_json(async_client, {"traces": json.loads(helm)})

    run = await the_run()
    assert response.json()["data"]["runId"] == str(run.pk)
    assert run.spec["target"]["trace_count"] == 1
    assert run.spec["target"]["trace_files"] == []


async def test_an_evaluation_with_errors_is_a_failed_run_and_still_answered(
    async_client: AsyncClient, helm: bytes
) -> None:
    parts = form(("helm.json", helm), ("x.json", b"{}"), config=CONFIG)

    response = await post_form(async_client, parts)

    run = await the_run()
    assert response.status_code == 200
    assert response.json()["data"]["runId"] == str(run.pk)
    assert run.status == "failed"
    assert run.error is not None
    assert "x.json" in run.error


async def test_an_eval_set_that_cannot_be_read_is_not_stored(
    async_client: AsyncClient, helm: bytes
) -> None:
    await post_form(async_client, form(("h.json", helm), golden=b'{"a": NaN}'))

    assert (await the_run()).spec["eval_set"] is None


async def test_a_request_that_is_refused_leaves_nothing(
    async_client: AsyncClient,
) -> None:
    await post_json(async_client, {"traces": {"what": 1}})
    await post_form(async_client, form(("a.txt", b"")))

    assert await Run.objects.acount() == 0


async def test_it_can_be_run_again(
    async_client: AsyncClient, client: Client, helm: bytes, golden: bytes
) -> None:
    parts = form(("helm.json", helm), config=CONFIG, golden=golden)
    data = (await post_form(async_client, parts)).json()["data"]

    again = await sync_to_async(client.post)(
        f"/api/runs/{data['runId']}/rerun", {}, content_type="application/json"
    )
    await sync_to_async(work_off)()

    run = await Run.objects.aget(pk=again.json()["data"]["runId"])
    assert (run.status, (run.summary or {})["verdict"]) == ("succeeded", "passed")


async def test_a_name_that_postgresql_cannot_keep_is_no_obstacle(
    async_client: AsyncClient, helm: bytes
) -> None:
    response = await post_form(async_client, form(("a\0b.json", helm), config=CONFIG))

    assert response.json()["data"]["runId"] is not None


async def test_without_its_database_an_evaluation_is_answered_without_a_run(
    helm: bytes, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    class Unwilling:
        worker_id = None  # the database refuses a running run without an owner

    evaluation = Evaluation(
        Asked(documents=[Sent(name="a", content=helm)], config={}),
        host,
        deadline_s=PATIENCE_S,
        keeper=Unwilling(),  # type: ignore[arg-type]  # as much of it as is asked for
    )

    with caplog.at_level(logging.CRITICAL, "results.evaluating.record"):
        async for _ in evaluation.steps(watch=False):
            pass

    assert evaluation.answer["runId"] is None
    assert bytes(evaluation.answer["errors"]) == b"[]"
    assert await Run.objects.acount() == 0


# --- What ends an evaluation before its end ---------------------------------------------


def slow(deadline_s: float = PATIENCE_S) -> Evaluation:
    """Return an evaluation that would take many minutes."""
    body = slow_request()
    return Evaluation(
        Asked(
            documents=[Sent(name="t", content=json.dumps(body["traces"]).encode())],
            eval_set=Sent(name="e", content=json.dumps(body["evalSet"]).encode()),
            config=body["config"],
        ),
        host,
        deadline_s=deadline_s,
        keeper=keeper,
    )


async def running(steps: AsyncIterator[Any]) -> Run:
    """Follow an evaluation until it works, and its run is in the history."""
    async with asyncio.timeout(PATIENCE_S):
        async for frame in steps:
            if frame.kind is FrameKind.TOLD and b"Running" in frame.body:
                break
        while (run := await Run.objects.afirst()) is None:  # noqa: ASYNC110 - stored by a thread
            await asyncio.sleep(0.01)
    assert run.status == "running"
    assert run.worker_id == keeper.worker_id
    return run


async def ended(run: Run) -> Run:
    """Wait until a run is no longer running."""
    async with asyncio.timeout(PATIENCE_S):
        while run.status == "running":
            await asyncio.sleep(0.02)
            await run.arefresh_from_db()
    return run


async def test_while_it_works_no_worker_can_claim_it() -> None:
    steps = slow().steps(watch=True)
    run = await running(steps)

    taken = await sync_to_async(work_off)()

    assert taken == []
    await steps.aclose()  # type: ignore[attr-defined]  # it is a generator
    await ended(run)


async def test_a_cancel_from_elsewhere_stops_it_within_a_second_or_two() -> None:
    steps = slow().steps(watch=True)
    run = await running(steps)
    (child,) = (hosted.child.pid for hosted in host.busy)

    await sync_to_async(queue.cancel)(run.pk)
    with pytest.raises(EvaluationCancelledError, match=str(run.pk)):
        async for _ in steps:
            pass

    await run.arefresh_from_db()
    assert (run.status, run.error_code) == ("cancelled", "cancelled")
    assert not is_running(child)


async def test_a_client_that_leaves_stops_it() -> None:
    steps = slow().steps(watch=True)
    run = await running(steps)
    (child,) = (hosted.child.pid for hosted in host.busy)

    await steps.aclose()  # type: ignore[attr-defined]  # it is a generator

    run = await ended(run)
    assert (run.status, run.error_code) == ("cancelled", "client_left")
    assert not is_running(child)


async def test_the_deadline_stops_it() -> None:
    steps = slow(deadline_s=5.0).steps(watch=True)

    async def follow() -> None:
        async for _ in steps:
            pass

    with pytest.raises(DeadlineExceededError, match="AGENTEVALS_RUN_DEADLINE_S"):
        await follow()

    run = await the_run()
    assert (run.status, run.error) == ("failed", "deadline_exceeded")


async def test_an_evaluator_that_dies_fails_it() -> None:
    steps = slow().steps(watch=True)
    run = await running(steps)

    for hosted in host.busy:
        hosted.child.kill()
    with pytest.raises(EvaluatorDiedError) as died:
        async for _ in steps:
            pass

    assert died.value.run_id == run.pk
    await run.arefresh_from_db()
    assert (run.status, run.error_code) == ("failed", "evaluator_died")


async def test_what_is_left_by_a_dead_server_is_swept() -> None:
    steps = slow().steps(watch=True)
    run = await running(steps)
    keeper.forget(run.lease)  # as if the server were dead

    await sync_to_async(let_lease_expire)(run)
    await sync_to_async(queue.sweep)()

    await run.arefresh_from_db()
    assert (run.status, run.error_code) == ("failed", "worker_lost")
    await steps.aclose()  # type: ignore[attr-defined]  # it is a generator


# --- Who may ask ------------------------------------------------------------------------

PATHS = [
    "evaluate",
    "evaluate/stream",
    "evaluate/json",
    "evaluate/json/stream",
    "convert",
]


@pytest.mark.parametrize("path", PATHS)
async def test_who_has_no_token_may_not_ask(
    async_client: AsyncClient, settings: Settings, path: str
) -> None:
    settings.API_AUTH = "token"

    response = await async_client.post(f"/api/{path}")

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", PATHS)
async def test_a_token_to_read_is_not_enough(
    async_client: AsyncClient, settings: Settings, path: str
) -> None:
    settings.API_AUTH = "token"
    issued = await sync_to_async(ApiToken.issue)("reader", [Scope.READ])

    response = await async_client.post(
        f"/api/{path}", headers={"Authorization": f"Bearer {issued.text}"}
    )

    assert response.status_code == 403


async def test_a_token_to_write_is_enough(
    async_client: AsyncClient, settings: Settings
) -> None:
    settings.API_AUTH = "token"
    issued = await sync_to_async(ApiToken.issue)("writer", [Scope.WRITE])

    response = await async_client.post(
        "/api/evaluate", headers={"Authorization": f"Bearer {issued.text}"}
    )

    assert response.status_code == 422
