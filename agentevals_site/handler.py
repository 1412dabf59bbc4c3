"""Django's ASGI handler, with one visit to a thread where Django pays four.

Django starts a request in its thread, comes again for its view, again to render what that
says, and again to close it. Each visit costs about as much as all middleware together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from inspect import iscoroutinefunction
from typing import Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve, set_script_prefix

# Where a request's scope may hold its body, a file.
BODY = "agentevals.body"


class Handler(ASGIHandler):
    """Answers in one visit to the request's thread, and with an async view in none.

    There is no signal that a request starts: what Django does then is to clear away what
    the last one left in the thread, and here each clears away after itself. An async view
    uses the database with ``runs.apart``, which does so too.
    """

    def __init__(self) -> None:
        """Build the middleware twice: for async views, and for all others."""
        super().__init__()
        self._threaded = BaseHandler()
        self._threaded.load_middleware()

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        try:
            read = await self.read_body(receive)
        except RequestAborted:
            return
        with read, scope.get(BODY, read) as body:
            set_script_prefix(get_script_prefix(scope))
            request, refusal = self.create_request(scope, body)
            if refusal is not None:
                await self.send_response(refusal, send)
            if request is not None:
                gone = self.listen_for_disconnect(receive)
                await _unless(gone, self._answer(request, send))

    async def _answer(self, request: HttpRequest, send: Any) -> None:
        response = await self.run_get_response(request)
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await sync_to_async(response.close)()

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Return what is to be sent; only a stream holds on to anything."""
        if _is_async(request):
            return _ended(await super().get_response_async(request))
        try:
            return await sync_to_async(self._visit)(request)
        except asyncio.CancelledError:
            # The client has left. The visit goes on all the same, and what streams holds on
            # to its connection; this comes after it in the same thread.
            await sync_to_async(close_old_connections)()
            raise

    def _visit(self, request: HttpRequest) -> HttpResponseBase:
        """Do all that has to be done in the thread."""
        return _ended(self._threaded.get_response(request))


def _ended(response: HttpResponseBase) -> HttpResponseBase:
    """Let go of everything that made a response, unless it is still made."""
    if not response.streaming:
        response.close()
    return response


def _is_async(request: HttpRequest) -> bool:
    """Whether the view of a request is."""
    try:
        return iscoroutinefunction(resolve(request.path_info).func)
    except Resolver404:
        return False


async def _unless(
    gone: Coroutine[Any, Any, None], answer: Coroutine[Any, Any, None]
) -> None:
    """Answer until it is done or the client is gone."""
    tasks = [asyncio.create_task(gone), asyncio.create_task(answer)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, RequestAborted):
            raise outcome
