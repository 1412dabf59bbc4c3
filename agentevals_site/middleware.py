"""Request ids, static files, and cross-origin requests as the contract allows them.

All run on either side, so that a request changes threads once, for its view.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotFound,
)
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware
from whitenoise.middleware import WhiteNoiseMiddleware

from runs.api import request_id

PREFLIGHT_MAX_AGE_S = 600
METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"

Respond = Callable[[HttpRequest], Any]


def _around(
    get_response: Respond,
    before: Callable[[HttpRequest], HttpResponseBase | None],
    after: Callable[[HttpRequest, HttpResponseBase], HttpResponseBase],
) -> Respond:
    """Make a middleware on the side of ``get_response``; ``before`` may answer itself."""
    if iscoroutinefunction(get_response):

        async def respond_async(request: HttpRequest) -> HttpResponseBase:
            return after(request, before(request) or await get_response(request))

        return respond_async

    def respond(request: HttpRequest) -> HttpResponseBase:
        return after(request, before(request) or get_response(request))

    return respond


@sync_and_async_middleware
def request_ids(get_response: Respond) -> Respond:
    """Give every request an id, and every response the id of its request."""
    return _around(get_response, _named, _told)


def _named(request: HttpRequest) -> None:
    request_id.begin(request.headers.get(request_id.HEADER))


def _told(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response[request_id.HEADER] = request_id.current()
    return response


@sync_and_async_middleware
def readable_pages(get_response: Respond) -> Respond:
    """Refuse U+0000 in the address of a page: PostgreSQL cannot look for it.

    The API refuses it by itself, with the place.
    """
    return _around(get_response, _unreadable, lambda _, response: response)


def _unreadable(request: HttpRequest) -> HttpResponse | None:
    query = request.META.get("QUERY_STRING", "")
    is_page = not request.path_info.startswith("/api/")
    if is_page and ("\0" in request.path_info or "%00" in query):
        text = "U+0000 in an address is not understood"
        return HttpResponseBadRequest(text, content_type="text/plain")
    return None


@sync_and_async_middleware
def static_files(get_response: Respond) -> Respond:
    """Serve what lies below STATIC_URL; WhiteNoise finds it in the packages."""
    if iscoroutinefunction(get_response):
        return get_response  # that of async views, and a file has none
    serve = WhiteNoiseMiddleware(_no_file)
    prefix = f"/{settings.STATIC_URL.strip('/')}/"

    def respond(request: HttpRequest) -> HttpResponseBase:
        is_static = request.path_info.startswith(prefix)
        response: HttpResponseBase = (serve if is_static else get_response)(request)
        return response

    return respond


def _no_file(request: HttpRequest) -> HttpResponseBase:
    return HttpResponseNotFound("no such static file", content_type="text/plain")


@sync_and_async_middleware
def cors(get_response: Respond) -> Respond:
    """Answer preflights and mark responses for the origins of AGENTEVALS_CORS_ORIGINS."""
    return _around(get_response, _preflight, _marked)


def _preflight(request: HttpRequest) -> HttpResponse | None:
    """Answer what a browser asks before a request; the answer is no to a stranger."""
    asked = request.headers.get("Access-Control-Request-Method")
    if request.method != "OPTIONS" or not asked or "Origin" not in request.headers:
        return None
    if not _is_allowed(request):
        return HttpResponseBadRequest(
            "Disallowed CORS origin", content_type="text/plain; charset=utf-8"
        )
    response = HttpResponse("OK", content_type="text/plain; charset=utf-8")
    response["Access-Control-Allow-Methods"] = METHODS
    wanted = request.headers.get("Access-Control-Request-Headers", "")
    response["Access-Control-Allow-Headers"] = wanted
    response["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
    return response


def _marked(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if _is_allowed(request):
        response["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response["Access-Control-Allow-Credentials"] = "true"
        if request.method != "OPTIONS":
            response["Access-Control-Expose-Headers"] = "*"
        patch_vary_headers(response, ["Origin"])
    return response


def _is_allowed(request: HttpRequest) -> bool:
    return request.headers.get("Origin") in settings.CORS_ORIGINS
