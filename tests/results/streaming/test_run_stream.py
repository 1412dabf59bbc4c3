"""The events of a run, streamed."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from results.streaming import consumers
from results.streaming.feed import TAIL
from results.streaming.hub import PAGE, Hub
from runs import queue
from runs.models import Run, RunEvent
from runs.queue import cancel
from tests.results.delivery.building import done, record, unit
from tests.results.streaming.reading import Event, Reader, in_thread
from tests.runs.building import claim_one, make_run

pytestmark = [pytest.mark.durable, pytest.mark.django_db(transaction=True)]


def path_of(run: Run) -> str:
    return f"/api/runs/{run.pk}/events"


def numbers(events: list[Event]) -> list[int]:
    return [int(event.ident) for event in events]


def ended_run() -> Run:
    make_run()
    run = claim_one()
    record(run, unit("a", score=0.5), done())
    return run


def long_run(events: int) -> Run:
    run = make_run()
    with queue.transaction.atomic():
        mine = queue.locked(run.pk)
        RunEvent.objects.log([mine.note_progress(results=[]) for _ in range(events)])
    return run


async def test_an_ended_run_is_replayed_and_the_stream_ends(hub: Hub) -> None:
    run = await in_thread(ended_run)()
    reader = Reader(hub, path_of(run))

    status = await reader.open()
    events = await reader.rest()

    assert status == 200
    assert reader.headers["content-type"] == "text/event-stream"
    assert reader.headers["cache-control"] == "no-cache"
    assert reader.headers["x-accel-buffering"] == "no"
    assert "content-length" not in reader.headers
    assert numbers(events) == [1, 2, 3, 4]
    assert [e.name for e in events] == ["queued", "claimed", "progress", "succeeded"]


async def test_an_event_carries_its_run_number_kind_and_payload(hub: Hub) -> None:
    run = await in_thread(ended_run)()
    reader = Reader(hub, path_of(run), last_event_id="2")

    await reader.open()
    progress, _succeeded = await reader.rest()

    payload = progress.data.pop("payload")
    created_at = progress.data.pop("createdAt")
    assert progress.data == {"runId": str(run.pk), "seq": 3, "kind": "progress"}
    assert created_at.endswith("Z")
    (result,) = payload["results"]
    assert (result["evaluatorName"], result["status"], result["score"]) == (
        "a",
        "passed",
        0.5,
    )


async def test_a_stream_goes_on_with_what_happens(hub: Hub) -> None:
    run = await in_thread(make_run)()
    reader = Reader(hub, path_of(run))
    await reader.open()
    before = await reader.take(1)

    claimed = await in_thread(claim_one)()
    during = await reader.take(1)
    await in_thread(record)(claimed, unit("a"))
    found = await reader.take(1)
    await in_thread(record)(claimed, unit("b"), done())
    after = await reader.rest()

    assert [e.name for e in before + during] == ["queued", "claimed"]
    assert [e.name for e in found + after] == ["progress", "progress", "succeeded"]
    assert numbers(before + during + found + after) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("how", ["header", "query", "both"])
async def test_a_client_goes_on_where_it_was(hub: Hub, how: str) -> None:
    run = await in_thread(ended_run)()
    query = {"header": "", "query": "?lastEventId=3", "both": "?lastEventId=1"}[how]
    headers = {} if how == "query" else {"last_event_id": "3"}
    reader = Reader(hub, path_of(run) + query, **headers)

    await reader.open()

    assert numbers(await reader.rest()) == [4]


async def test_a_client_that_has_everything_need_not_come_back(hub: Hub) -> None:
    run = await in_thread(ended_run)()
    reader = Reader(hub, path_of(run), last_event_id="4")

    assert await reader.open() == 204


async def test_a_log_longer_than_what_is_remembered_is_whole(hub: Hub) -> None:
    run = await in_thread(long_run)(TAIL + PAGE + 3)
    await in_thread(cancel)(run.pk)
    reader = Reader(hub, path_of(run))

    await reader.open()
    events = await reader.rest()

    assert numbers(events) == list(range(1, TAIL + PAGE + 6))


async def test_a_stream_of_a_run_that_was_reopened_passes_its_first_end(
    hub: Hub,
) -> None:
    def reopened() -> Run:
        run = ended_run()
        with queue.transaction.atomic():
            mine = queue.locked(run.pk)
            RunEvent.objects.log([mine.reopen(attempts=3, units="all")])
        return run

    run = await in_thread(reopened)()
    reader = Reader(hub, path_of(run), last_event_id="3")
    await reader.open()

    events = await reader.take(2)
    await in_thread(cancel)(run.pk)
    events += await reader.rest()

    assert [e.name for e in events] == ["succeeded", "reopened", "cancelled"]


async def test_many_readers_share_one_feed_and_leave_nothing_behind(hub: Hub) -> None:
    run = await in_thread(make_run)()
    readers = [Reader(hub, path_of(run)) for _ in range(20)]
    await asyncio.gather(*(reader.open() for reader in readers))
    await asyncio.gather(*(reader.take(1) for reader in readers))
    shared = [feed.readers for feed in hub.feeds.values()]

    await asyncio.gather(*(reader.leave() for reader in readers))

    assert shared == [20]
    assert hub.feeds == {}


async def test_a_reader_that_does_not_take_holds_nobody_up(hub: Hub) -> None:
    run = await in_thread(make_run)()
    stuck, quick = Reader(hub, path_of(run)), Reader(hub, path_of(run))
    await stuck.open()  # and reads nothing more
    await quick.open()

    await in_thread(cancel)(run.pk)

    assert numbers(await quick.rest()) == [1, 2]


async def test_a_quiet_stream_shows_that_it_is_alive(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "KEEP_ALIVE_S", 0.05)
    run = await in_thread(make_run)()
    reader = Reader(hub, path_of(run))
    await reader.open()
    await reader.take(1)

    assert await reader.chunk() == ": \n\n"


async def test_closing_the_hub_ends_all_streams(hub: Hub) -> None:
    run = await in_thread(make_run)()
    reader = Reader(hub, path_of(run))
    await reader.open()
    await reader.take(1)

    await hub.close()

    assert await reader.rest() == []


@pytest.mark.parametrize("path", ["/api/runs/events", None])
async def test_a_stream_that_begins_while_the_hub_closes_is_ended(
    hub: Hub, path: str | None
) -> None:
    run = await in_thread(make_run)()
    await hub.close()
    reader = Reader(hub, path or path_of(run))

    assert await reader.open() == 200
    await reader.rest()  # to its last chunk


@pytest.mark.parametrize("turns", range(5))
async def test_news_at_the_same_moment_does_not_keep_the_hub_open(
    hub: Hub, turns: int
) -> None:
    run = await in_thread(make_run)()
    reader = Reader(hub, path_of(run))
    await reader.open()
    await reader.take(1)
    await asyncio.sleep(0.2)  # until it waits

    hub._news.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    closing = asyncio.create_task(hub.close())

    assert (await asyncio.wait({closing}, timeout=20))[0] == {closing}
    assert await reader.rest() == []


@pytest.mark.parametrize(
    ("text", "loc"),
    [("x", "Last-Event-ID"), ("-1", "Last-Event-ID"), ("7", "Last-Event-ID")],
)
async def test_a_position_that_is_none_is_refused(
    hub: Hub, text: str, loc: str
) -> None:
    run = await in_thread(make_run)()
    reader = Reader(hub, path_of(run), last_event_id=text)

    assert await reader.open() == 422
    assert loc in await reader.chunk()


async def test_a_run_that_is_not_there_is_a_404(hub: Hub) -> None:
    reader = Reader(hub, f"/api/runs/{uuid4()}/events", accept="text/event-stream")

    assert await reader.open() == 404
    assert '"run_not_found"' in await reader.chunk()


async def test_an_id_that_is_none_is_refused(hub: Hub) -> None:
    reader = Reader(hub, "/api/runs/nope/events")

    assert await reader.open() == 422


async def test_a_stream_needs_a_token_when_the_api_does(
    hub: Hub, settings: Any
) -> None:
    settings.API_AUTH = "token"
    reader = Reader(hub, f"/api/runs/{uuid4()}/events")

    assert await reader.open() == 401
    assert reader.headers["www-authenticate"].startswith("Bearer")


async def test_without_storage_a_stream_says_what_to_set(
    hub: Hub, settings: Any
) -> None:
    settings.DURABLE = False
    reader = Reader(hub, f"/api/runs/{uuid4()}/events")

    assert await reader.open() == 503
    assert "AGENTEVALS_STORAGE_BACKEND" in await reader.chunk()


async def test_scripts_of_allowed_origins_may_read_a_stream(hub: Hub) -> None:
    run = await in_thread(ended_run)()
    reader = Reader(hub, path_of(run), origin="http://localhost:5173")

    await reader.open()

    assert reader.headers["access-control-allow-origin"] == "http://localhost:5173"
    await reader.rest()
