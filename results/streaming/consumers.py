"""The streams: opened by a view of Django's, carried on by a consumer."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.db import Error
from django.http import QueryDict

from results.streaming.changes import MAX_REPLAY, Changes, position, reset
from results.streaming.frames import CONTENT_TYPE, KEEP_ALIVE, Entry, greeting
from results.streaming.hub import Hub
from results.streaming.positions import HEADER, last_moment, last_number

logger = logging.getLogger(__name__)

KEEP_ALIVE_S = 15.0
# A reader that has taken nothing for so long is given up.
STALLED_S = 60.0
Message = dict[str, Any]


class StreamConsumer(AsyncConsumer):  # type: ignore[misc]  # Channels has no types
    """Asks Django, and streams if the answer is an event stream.

    The view authenticates, validates and says no, with all middleware around it, so that
    a stream is opened exactly like any other request. What happens then is here, because
    a consumer sees the client's disconnect while it waits and holds no thread.
    """

    # Without a channel of its own: readers are woken through the hub (docs/adr/0012).
    channel_layer_alias = ""

    def __init__(self, *, django: Any, hub: Hub) -> None:
        """Take the application that opens streams, and what feeds them."""
        self._django = django
        self._hub = hub
        self._streaming: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Serve one request; nothing of it is left behind, however it ends."""
        if scope["method"] != "GET":
            await self._django(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._streaming is not None:
                self._streaming.cancel()
                with suppress(asyncio.CancelledError):
                    await self._streaming

    async def http_request(self, message: Message) -> None:
        """Have the view answer; carry on when it opens a stream."""
        if message.get("more_body"):
            return
        start, *bodies = await self._answer(message)
        headers = dict(start["headers"])
        if not headers.get(b"Content-Type", b"").startswith(CONTENT_TYPE.encode()):
            for part in (start, *bodies):
                await self.send(part)
            raise StopConsumer
        # Django has counted the body of its answer, which is empty.
        uncounted = [pair for pair in start["headers"] if pair[0] != b"Content-Length"]
        await self.send({**start, "headers": uncounted})
        self._streaming = asyncio.create_task(self._stream())

    async def http_disconnect(self, message: Message) -> None:
        """Let go: the client has left, or everything is sent."""
        raise StopConsumer

    async def _answer(self, message: Message) -> list[Message]:
        """Return what Django sends for this request."""
        requests, answer = iter([message]), []

        async def receive() -> Message:
            for request in requests:
                return request
            # A disconnect is for the stream to see.
            never: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
            return await never

        async def send(part: Message) -> None:
            answer.append(part)

        await self._django(self.scope, receive, send)
        return answer

    async def _stream(self) -> None:
        try:
            await self._write(greeting())
            await self.follow(QueryDict(self.scope["query_string"]))
        except TimeoutError:
            logger.info("a reader took nothing for %g s and was dropped", STALLED_S)
        except Error as error:
            logger.warning("a stream ends early, its client resumes: %s", error)
        await self.send({"type": "http.response.body", "body": b""})

    async def _write(self, body: bytes) -> None:
        """Send, and wait while the client is slow: nothing is queued up for it."""
        message = {"type": "http.response.body", "body": body, "more_body": True}
        async with asyncio.timeout(STALLED_S):
            await self.send(message)

    def _header(self, name: str) -> str | None:
        """Return a header of the request."""
        headers = dict(self.scope["headers"])
        value: bytes | None = headers.get(name.lower().encode())
        return None if value is None else value.decode("latin-1")

    async def _rest(self, changed: asyncio.Event) -> None:
        """Wait for news; a comment now and then shows that the stream is alive."""
        try:
            async with asyncio.timeout(KEEP_ALIVE_S):
                await changed.wait()
        except TimeoutError:
            await self._write(KEEP_ALIVE)

    async def follow(self, query: QueryDict) -> None:
        """Write what happens until the stream is over."""
        raise NotImplementedError


class RunStream(StreamConsumer):
    """The events of one run: those that were, then those that come, until its end."""

    async def follow(self, query: QueryDict) -> None:
        """Write the log from where the client left it."""
        run_id = UUID(self.scope["url_route"]["kwargs"]["run_id"])
        number = last_number(self._header(HEADER), query)
        async with self._hub.following(run_id) as feed:
            while not self._hub.is_closing:
                changed = feed.changed
                entries = feed.after(number)
                if entries is None:
                    entries = await self._hub.page(run_id, number)
                    if not entries:
                        return  # the run was deleted meanwhile
                for entry in entries:
                    await self._write(entry.frame)
                    number = entry.number
                if entries and entries[-1].is_end and number == feed.position:
                    return
                if not entries:
                    await self._rest(changed)


class ChangesStream(StreamConsumer):
    """The changes of all runs: where each run stands, whenever that is new."""

    async def follow(self, query: QueryDict) -> None:
        """Write what the client has missed, then what comes."""
        moment = last_moment(self._header(HEADER), query)
        async with self._hub.following_all() as feed:
            number = feed.position
            if moment is None:
                await self._write(position(feed.moment))
            else:
                await self._catch_up(feed, moment)
            while not self._hub.is_closing:
                changed = feed.changed
                entries = feed.after(number)
                if entries is None:
                    # Too slow for what is remembered, so it can only begin again.
                    entries = [Entry(feed.position, reset(feed.moment))]
                for entry in entries:
                    await self._write(entry.frame)
                    number = entry.number
                if not entries:
                    await self._rest(changed)

    async def _catch_up(self, feed: Changes, moment: datetime) -> None:
        """Write where the runs stand that have changed since; perhaps some of them again."""
        missed = await self._hub.since(moment) if feed.remembers(moment) else None
        if missed is None or len(missed) > MAX_REPLAY:
            await self._write(reset(feed.moment))
            return
        for change in missed:
            await self._write(change.frame())
