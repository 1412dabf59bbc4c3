"""How often a request changes threads, and what it leaves behind there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.core.signals import request_finished
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import override_settings
from django.urls import path

from agentevals_site.handler import BODY, Handler
from agentevals_site.reused_threads import ReusedThreads

PATIENCE_S = 30.0
began = threading.Event()
left = threading.Event()


def page(request: HttpRequest) -> HttpResponse:
    return TemplateResponse(request, engines["django"].from_string("a page"))


def rows(request: HttpRequest) -> HttpResponse:
    connection.ensure_connection()
    return HttpResponse(b"rows")


def waits_in_its_thread(request: HttpRequest) -> HttpResponse:
    began.set()
    left.wait(PATIENCE_S)
    return rows(request)


async def in_place(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"in place")


async def waits(request: HttpRequest) -> HttpResponse:
    began.set()
    try:
        await asyncio.Event().wait()
    finally:
        left.set()
    return HttpResponse(b"never")


class Chunks:
    """Chunks that are closed at the end."""

    threads: list[threading.Thread]

    def __init__(self) -> None:
        self._rest = iter([b"one, ", b"two"])

    def __aiter__(self) -> Chunks:
        return self

    async def __anext__(self) -> bytes:
        for chunk in self._rest:
            return chunk
        raise StopAsyncIteration

    def close(self) -> None:
        Chunks.threads.append(threading.current_thread())


def stream(request: HttpRequest) -> StreamingHttpResponse:
    Chunks.threads = [threading.current_thread()]
    return StreamingHttpResponse(Chunks())


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("a fault of ours")


async def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.read())


urlpatterns = [
    path("api/echo", echo),
    path("page", page),
    path("rows", rows),
    path("waits-in-its-thread", waits_in_its_thread),
    path("api/in-place", in_place),
    path("waits", waits),
    path("stream", stream),
    path("broken", broken),
]


@pytest.fixture(autouse=True)
def _views() -> Iterator[None]:
    began.clear()
    left.clear()
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done in the thread of a request."""
    done = []
    change = SyncToAsync.__call__

    def counted(self: SyncToAsync, *args: Any, **kwargs: Any) -> Any:
        if self._thread_sensitive:
            done.append(getattr(self.func, "__qualname__", str(self.func)))
        return change(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    return done


def asking(url: str, *, query: bytes = b"") -> ApplicationCommunicator:
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/{url}",
        "query_string": query,
        "headers": [(b"host", b"localhost")],
    }
    return ApplicationCommunicator(ReusedThreads(Handler()), scope)


async def answer(asked: ApplicationCommunicator) -> tuple[int, bytes]:
    """Return status and content, when everything is over."""
    await asked.send_input({"type": "http.request"})
    start = await asked.receive_output(PATIENCE_S)
    content, more = b"", True
    while more:
        body = await asked.receive_output(PATIENCE_S)
        content += body.get("body", b"")
        more = body.get("more_body", False)
    await asked.wait(PATIENCE_S)
    return start["status"], content


@pytest.mark.parametrize(
    ("url", "status", "content"),
    [("page", 200, b"a page"), ("rows", 200, b"rows"), ("nowhere", 404, None)],
)
@pytest.mark.django_db(transaction=True)
async def test_a_view_is_carried_out_in_one_visit(
    visits: list[str], url: str, status: int, content: bytes | None
) -> None:
    found = await answer(asking(url))

    assert found[0] == status
    assert content is None or found[1] == content
    assert len(visits) == 1, visits


async def test_an_async_view_changes_no_thread(visits: list[str]) -> None:
    found = await answer(asking("api/in-place"))

    assert found == (200, b"in place")
    assert visits == []


@pytest.mark.parametrize("url", ["page", "api/in-place", "stream", "nowhere"])
async def test_a_request_ends_once(url: str) -> None:
    ends: list[Any] = []

    def note(**_: Any) -> None:
        ends.append(threading.current_thread())

    request_finished.connect(note)
    try:
        await answer(asking(url))
    finally:
        request_finished.disconnect(note)

    assert len(ends) == 1


@pytest.mark.django_db(transaction=True)
async def test_a_visit_gives_its_connection_back() -> None:
    held: list[Any] = []

    async def and_look(scope: Any, receive: Any, send: Any) -> None:
        await Handler()(scope, receive, send)
        held.append(await sync_to_async(lambda: connection.connection)())

    asked = asking("rows")
    asked.application = ReusedThreads(and_look)

    assert await answer(asked) == (200, b"rows")
    assert held == [None]


async def test_a_stream_is_closed_in_the_thread_that_began_it() -> None:
    assert await answer(asking("stream")) == (200, b"one, two")

    began_in, closed_in = Chunks.threads
    assert began_in is closed_in is not threading.current_thread()


async def test_a_client_that_leaves_ends_its_async_view() -> None:
    asked = asking("waits")
    await asked.send_input({"type": "http.request"})
    await asyncio.to_thread(began.wait, PATIENCE_S)

    await asked.send_input({"type": "http.disconnect"})
    await asked.wait(PATIENCE_S)

    assert left.is_set()
    assert await asked.receive_nothing()


@pytest.mark.django_db(transaction=True)
async def test_a_visit_whose_client_has_left_is_waited_for() -> None:
    asked = asking("waits-in-its-thread")
    await asked.send_input({"type": "http.request"})
    await asyncio.to_thread(began.wait, PATIENCE_S)

    await asked.send_input({"type": "http.disconnect"})
    is_over = not await asked.receive_nothing() or asked.future.done()
    left.set()
    await asked.wait(PATIENCE_S)

    assert not is_over
    assert await asked.receive_nothing()


async def test_a_client_that_leaves_while_it_sends_is_not_answered() -> None:
    asked = asking("api/in-place")
    await asked.send_input({"type": "http.disconnect"})
    await asked.wait(PATIENCE_S)

    assert await asked.receive_nothing()


async def test_a_body_is_read_from_the_file_that_it_came_in() -> None:
    asked, body = asking("api/echo"), BytesIO(b"a body")
    asked.scope[BODY] = body

    assert await answer(asked) == (200, b"a body")
    assert body.closed


async def test_an_address_that_is_no_text_is_refused() -> None:
    status, _ = await answer(asking("api/in-place", query=b"\xff"))

    assert status == 400


async def test_a_fault_of_ours_is_a_500() -> None:
    status, _ = await answer(asking("broken"))

    assert status == 500


async def test_a_server_that_speaks_nonsense_hears_so() -> None:
    asked = asking("waits")
    await asked.send_input({"type": "http.request"})
    await asyncio.to_thread(began.wait, PATIENCE_S)

    await asked.send_input({"type": "http.request"})

    with pytest.raises(AssertionError, match="Invalid ASGI message"):
        await asked.wait(PATIENCE_S)
    assert left.is_set()
