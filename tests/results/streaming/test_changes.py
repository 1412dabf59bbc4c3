"""Where all runs stand, streamed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from results.streaming import changes
from results.streaming.changes import Change, Changes, newest_moment
from results.streaming.hub import Hub
from runs.models import Run, RunEvent
from runs.queue import cancel
from tests.results.delivery.building import done, record, unit
from tests.results.streaming.reading import Event, Reader, in_thread
from tests.runs.building import claim_one, make_run

pytestmark = [pytest.mark.durable, pytest.mark.django_db(transaction=True)]
PATH = "/api/runs/events"


async def begin(hub: Hub, **headers: str) -> Reader:
    """Return a reader that has read the beginning of its stream."""
    reader = Reader(hub, PATH, **headers)
    assert await reader.open() == 200
    while "id: " not in (text := await reader.chunk()):
        assert text.startswith("retry: ")
    reader.first = text
    return reader


async def until(reader: Reader, run: Run, status: str) -> Event:
    """Return the first event that says that a run stands there."""
    async for event in reader.events():
        if (event.data["runId"], event.data["status"]) == (str(run.pk), status):
            return event
    raise AssertionError("the stream has ended")


def ended() -> Run:
    make_run(name="nightly")
    run = claim_one()
    record(run, unit("a"), done())
    return run


async def test_a_new_run_is_told_and_so_is_its_end(hub: Hub) -> None:
    reader = await begin(hub)

    run = await in_thread(make_run)()
    await until(reader, run, "queued")
    await in_thread(cancel)(run.pk)
    event = await until(reader, run, "cancelled")

    assert event.name == "run"
    assert event.data["seq"] == 2
    assert event.data["finishedAt"]


async def test_a_change_says_all_that_a_list_shows(hub: Hub) -> None:
    reader = await begin(hub)

    run = await in_thread(ended)()
    event = await until(reader, run, "succeeded")

    assert list(event.data) == list(changes.STATE.values())
    assert (event.data["name"], event.data["verdict"]) == ("nightly", "not_evaluated")
    assert (event.data["attempt"], event.data["seq"]) == (1, 4)


async def test_who_begins_is_not_told_the_past_but_where_it_begins(hub: Hub) -> None:
    await in_thread(ended)()
    reader = await begin(hub)

    run = await in_thread(make_run)()
    event = await until(reader, run, "queued")

    assert reader.first.startswith("id: 2")
    assert event.ident > reader.first.strip().removeprefix("id: ")


async def test_who_was_away_is_told_what_has_changed(hub: Hub) -> None:
    reader = await begin(hub)
    last_id = reader.first.strip().removeprefix("id: ")
    await reader.leave()
    await in_thread(make_run)()
    first = await in_thread(newest_moment)()

    run = await in_thread(ended)()
    back = Reader(hub, PATH, last_event_id=changes.spelled(first))
    await back.open()
    event = await until(back, run, "succeeded")

    assert last_id < event.ident


async def test_who_was_away_too_long_is_told_to_begin_again(hub: Hub) -> None:
    await in_thread(make_run)()

    back = Reader(hub, PATH, last_event_id="0001-01-01T00:00:00Z")
    await back.open()

    (event,) = await back.take(1)
    assert event.name == "reset"


async def test_who_missed_too_much_is_told_to_begin_again(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_thread(lambda: [make_run() for _ in range(3)])()
    moment = await in_thread(newest_moment)()
    monkeypatch.setattr("results.streaming.consumers.MAX_REPLAY", 2)

    back = Reader(hub, PATH, last_event_id=changes.spelled(moment))
    await back.open()

    assert (await back.take(1))[0].name == "reset"


@pytest.mark.parametrize("text", ["7", "yesterday", "9999-12-31T23:59:59-23:00"])
async def test_a_position_that_is_no_time_is_refused(hub: Hub, text: str) -> None:
    reader = Reader(hub, PATH, last_event_id=text)

    assert await reader.open() == 422
    assert "Last-Event-ID" in await reader.chunk()


async def test_without_storage_the_stream_says_what_to_set(
    hub: Hub, settings: Any
) -> None:
    settings.DURABLE = False

    assert await Reader(hub, PATH).open() == 503


async def test_the_feed_of_all_runs_ends_with_its_last_reader(hub: Hub) -> None:
    reader = await begin(hub)
    feed = hub.changes

    await reader.leave()

    assert hub.changes is not feed
    assert not hub.changes.is_loaded


def test_an_event_that_becomes_visible_late_is_told() -> None:
    late, early = make_run(), make_run()
    moments = RunEvent.objects.filter(run=late)
    moments.update(created_at=F("created_at") - timedelta(seconds=3))
    feed = Changes()
    feed.begin(newest_moment())

    told = {change.state["runId"] for change in feed.read()}

    assert told == {late.pk, early.pk}


def test_what_was_told_is_told_again_only_when_it_has_changed() -> None:
    same, other = make_run(), make_run()
    feed = Changes()
    feed.begin(newest_moment())
    feed.take(feed.read())

    cancel(other.pk)
    again: list[Change] = feed.read()

    assert [change.state["runId"] for change in again] == [other.pk]
    assert feed.position == 2
    assert same.pk not in {change.state["runId"] for change in again}
