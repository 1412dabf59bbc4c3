"""Cross-origin requests, as the contract allows them."""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import sync_and_async_middleware

PREFLIGHT_MAX_AGE_S = 600
METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


@sync_and_async_middleware
def cors(get_response: Callable[[HttpRequest], Any]) -> Callable[..., Any]:
    """Answer preflights and mark responses for the origins of AGENTEVALS_CORS_ORIGINS."""
    if iscoroutinefunction(get_response):

        async def respond_async(request: HttpRequest) -> HttpResponseBase:
            response = _preflight(request) or await get_response(request)
            return _marked(request, response)

        return respond_async

    def respond(request: HttpRequest) -> HttpResponseBase:
        return _marked(request, _preflight(request) or get_response(request))

    return respond


def _preflight(request: HttpRequest) -> HttpResponse | None:
    asked = request.headers.get("Access-Control-Request-Method")
    if request.method != "OPTIONS" or not asked or not _is_allowed(request):
        return None
    response = HttpResponse()
    response["Access-Control-Allow-Methods"] = METHODS
    wanted = request.headers.get("Access-Control-Request-Headers", "")
    response["Access-Control-Allow-Headers"] = wanted
    response["Access-Control-Max-Age"] = str(PREFLIGHT_MAX_AGE_S)
    return response


def _marked(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if _is_allowed(request):
        response["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response["Access-Control-Allow-Credentials"] = "true"
        response["Access-Control-Expose-Headers"] = "*"
        patch_vary_headers(response, ["Origin"])
    return response


def _is_allowed(request: HttpRequest) -> bool:
    return request.headers.get("Origin") in settings.CORS_ORIGINS
