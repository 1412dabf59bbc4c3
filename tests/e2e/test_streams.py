"""Event streams of real servers and workers, on both durable backends."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from tests.e2e.serving import Server, wait_until
from tests.e2e.sse import Event, stream
from tests.evaluation.judging.server import Break, JudgeServer, completion
from tests.postgres import database_url

Starter = Callable[..., Server]
READERS = 200
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
VALID = '{"reasoning": "r", "is_the_agent_response_valid": "valid"}'


@pytest.fixture(params=["sqlite", "postgres"])
def storage(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """Return the settings of a storage of the test's own."""
    if request.param == "sqlite":
        yield {}
        return
    name = f"test_streams_{os.getpid()}_{uuid4().hex[:8]}"
    with psycopg.connect(database_url(), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        url = database_url().replace("/postgres?", f"/{name}?")
        yield {
            "AGENTEVALS_STORAGE_BACKEND": "postgres",
            "AGENTEVALS_DATABASE_URL": url,
        }
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def submission(samples: Path) -> dict[str, Any]:
    """Return a request whose run passes."""
    return {
        "spec": {
            "target": {
                "kind": "inline",
                "inline": json.loads((samples / "helm.json").read_text()),
            },
            "evalSet": json.loads((samples / "eval_set_helm.json").read_text()),
            "evalConfig": {
                "metrics": ["tool_trajectory_avg_score", "response_match_score"]
            },
        }
    }


def submit(server: Server, submission: dict[str, Any]) -> str:
    status, answer = server.call("POST", "/api/runs", submission)
    assert status == 202, answer
    return str(answer["data"]["runId"])


async def read_all(port: int, run_id: str, *, restless: bool) -> list[Event]:
    """Follow a run to its end; a restless client vanishes at random and comes back."""
    found: list[Event] = []
    path = f"/api/runs/{run_id}/events"
    while True:
        last_id = found[-1].ident if found else ""
        async with stream(port, path, last_id=last_id) as opened:
            if opened.status == 204:
                return found
            assert opened.status == 200
            async for event in opened.events():
                found.append(event)
                if restless and random.random() < 0.3:  # noqa: S311 - chaos
                    break
            else:
                return found


def check(events: list[Event]) -> None:
    """Compare what a client saw with what must be: all, once, in order."""
    assert [int(e.ident) for e in events] == list(range(1, len(events) + 1))
    assert [e.name for e in events if e.name != "progress"] == [
        "queued",
        "claimed",
        "succeeded",
    ]
    results = [r for e in events if e.name == "progress" for r in e.data["payload"]["results"]]  # fmt: skip
    assert sorted(r["evaluatorName"] for r in results) == [
        "response_match_score",
        "tool_trajectory_avg_score",
    ]


def test_two_hundred_readers_of_one_server_get_everything_once_in_order(
    serve: Starter, storage: dict[str, str], submission: dict[str, Any]
) -> None:
    # One evaluator makes a pool of two connections that grows to six at most.
    server = serve(AGENTEVALS_MAX_CONCURRENT_RUNS="1", **storage)
    server.freeze_evaluator()
    run_id = submit(server, submission)
    server.wait_for(run_id, "running")

    async def follow() -> list[list[Event]]:
        readers = [
            asyncio.create_task(read_all(server.port, run_id, restless=n % 2 == 0))
            for n in range(READERS)
        ]
        await asyncio.to_thread(thaw, server)
        return await asyncio.gather(*readers)

    for events in asyncio.run(follow()):
        check(events)


def thaw(server: Server) -> None:
    from tests.e2e.serving import children

    for pid in children(server.worker_pid()):
        os.kill(pid, signal.SIGCONT)


def test_an_event_of_one_process_wakes_the_readers_of_another(
    serve: Starter, storage: dict[str, str], submission: dict[str, Any]
) -> None:
    if not storage:
        pytest.skip("several processes need PostgreSQL")
    here, there = (
        serve("--no-worker", **storage),
        serve("--no-worker", **storage),
    )
    run_id = submit(here, submission)

    # The slow poll would take up to five seconds.
    assert asyncio.run(waiting_for_a_cancel(here, there, run_id)) < 3


@pytest.mark.parametrize("storage", ["postgres"], indirect=True)
def test_redis_wakes_the_readers_of_another_process(
    serve: Starter, storage: dict[str, str], submission: dict[str, Any]
) -> None:
    address = urlsplit(REDIS_URL)
    try:
        socket.create_connection((address.hostname, address.port or 6379), 1).close()
    except OSError:
        pytest.skip(f"no Redis at {address.hostname}:{address.port or 6379}")
    storage |= {"AGENTEVALS_CHANNEL_LAYER_URL": REDIS_URL}
    here, there = serve("--no-worker", **storage), serve("--no-worker", **storage)
    run_id = submit(here, submission)

    assert asyncio.run(waiting_for_a_cancel(here, there, run_id)) < 3
    assert "channel layer fails" not in here.log.read_text() + there.log.read_text()


async def waiting_for_a_cancel(here: Server, there: Server, run_id: str) -> float:
    """Return how long a reader at one server waits for a cancel at another, in seconds."""
    async with stream(there.port, f"/api/runs/{run_id}/events") as opened:
        events = opened.events()
        assert (await anext(events)).name == "queued"
        began = time.monotonic()
        await asyncio.to_thread(here.call, "POST", f"/api/runs/{run_id}/cancel")
        assert (await anext(events)).name == "cancelled"
        return time.monotonic() - began


def test_idle_streams_hold_no_connection_and_end_with_the_server(
    serve: Starter, storage: dict[str, str], submission: dict[str, Any]
) -> None:
    server = serve("--no-worker", AGENTEVALS_MAX_CONCURRENT_RUNS="1", **storage)
    run_id = submit(server, submission)

    async def idle() -> tuple[int, int, float]:
        async with asyncio.TaskGroup() as group:
            begun = [asyncio.Event() for _ in range(READERS)]

            async def read(started: asyncio.Event) -> None:
                path = f"/api/runs/{run_id}/events"
                async with stream(server.port, path) as opened:
                    assert opened.status == 200
                    async for _ in opened.events():
                        started.set()

            for each in begun:
                group.create_task(read(each))
            await asyncio.gather(*(each.wait() for each in begun))
            answering = await asyncio.to_thread(server.call, "GET", f"/api/runs/{run_id}")  # fmt: skip
            held = sessions(storage)
            began = time.monotonic()
            server.process.send_signal(signal.SIGINT)
        await asyncio.to_thread(server.process.wait, 60)
        return answering[0], held, time.monotonic() - began

    status, held, ended_s = asyncio.run(idle())

    assert status == 200
    # The pool of six at most, what listens and what announces.
    assert held <= 8
    assert ended_s < 10, server.log.read_text()
    assert "Traceback" not in server.log.read_text()


def test_readers_that_vanish_leave_no_connection_behind(
    serve: Starter, storage: dict[str, str], submission: dict[str, Any]
) -> None:
    server = serve("--no-worker", **storage)
    run_id = submit(server, submission)

    async def come_and_go() -> None:
        async with stream(server.port, f"/api/runs/{run_id}/events") as opened:
            await anext(opened.events())

    async def many() -> None:
        await asyncio.gather(*(come_and_go() for _ in range(20)))

    asyncio.run(many())

    wait_until(lambda: not server.links(), within_s=20)


def sessions(storage: dict[str, str]) -> int:
    """Return how many connections a database of PostgreSQL has; none for SQLite."""
    if not storage:
        return 0
    url = storage["AGENTEVALS_DATABASE_URL"]
    with psycopg.connect(url) as own:
        row = own.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND datname = current_database() AND backend_type = 'client backend'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_reader_sees_how_far_a_judge_is_before_there_is_a_result(
    serve: Starter, storage: dict[str, str], submission: dict[str, Any]
) -> None:
    judge = JudgeServer()
    # The first answer takes more than a second, the others until they are let go.
    judge.replies = lambda body: Break(
        body=completion(VALID), pause_s=30 if judge.count else 1.2
    )
    settings = {"OPENAI_BASE_URL": judge.base_url, "OPENAI_API_KEY": "sk-test"}
    server = serve(**settings, **storage)
    submission["spec"]["evalConfig"] = {
        "metrics": ["final_response_match_v2"],
        "judgeModel": "openai/judge",
    }
    run_id = submit(server, submission)

    async def follow() -> list[Event]:
        found = []
        async with stream(server.port, f"/api/runs/{run_id}/events") as opened:
            async for event in opened.events():
                found.append(event)
                if "judging" in event.data["payload"]:
                    judge.closing.set()
        return found

    events = asyncio.run(follow())
    judge.close()

    _queued, _claimed, progress, *_, end = events
    assert progress.data["payload"]["results"] == []
    assert progress.data["payload"]["judging"]["answers"] == 1
    assert progress.data["payload"]["judging"]["evaluatorName"] == (
        "final_response_match_v2"
    )
    assert (end.name, judge.count) == ("succeeded", 3)
