"""Django's own middleware, without a thread for each of its hooks.

Under ASGI Django calls every hook of a middleware in a thread. For a request of the API
these changes of thread were more than half of the work, and none of it had a use.
"""

from __future__ import annotations

from collections.abc import Awaitable
from inspect import iscoroutinefunction
from typing import Any, cast

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils.deprecation import MiddlewareMixin

API = "/api/"


class InPlace(MiddlewareMixin):
    """Calls its hooks where it stands: they look at headers and wait for nothing."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        response = self.process_request(request)
        if response is None:
            answer = self.get_response(request)
            response = await cast("Awaitable[HttpResponseBase]", answer)
        return cast("HttpResponseBase", self.process_response(request, response))

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        """Let the request pass."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """Let the response pass."""
        return response


class PagesOnly(MiddlewareMixin):
    """Leaves the API alone, which knows tokens and neither sessions nor cookies."""

    def __call__(self, request: HttpRequest) -> Any:
        """Answer a request."""
        if request.path_info.startswith(API):
            return self.get_response(request)
        return super().__call__(request)


class Common(CommonMiddleware, InPlace):
    """Checks the host, adds slashes and lengths."""


class Security(SecurityMiddleware, InPlace):
    """Tells browsers to be careful, and redirects to TLS if told to."""


class FrameOptions(XFrameOptionsMiddleware, InPlace):
    """Keeps pages out of other sites' frames."""


class Sessions(SessionMiddleware, PagesOnly):
    """Sessions of the pages."""


class Csrf(CsrfViewMiddleware, PagesOnly):
    """Forms of the pages are answered only to whom they were given."""

    def __init__(self, get_response: Any) -> None:
        """Check forms where this stands if nobody may wait."""
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            # Django calls a hook in a thread unless it is a coroutine.
            self.process_view = self._process_view  # type: ignore[method-assign, assignment]

    async def _process_view(
        self, request: HttpRequest, view: Any, arguments: Any, named: Any
    ) -> HttpResponseBase | None:
        return super().process_view(request, view, arguments, named)


class Authentication(AuthenticationMiddleware, PagesOnly):
    """Who looks at the pages."""


class Messages(MessageMiddleware, PagesOnly):
    """What the pages tell after an action."""
