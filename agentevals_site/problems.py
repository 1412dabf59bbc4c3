"""The one place where errors become HTTP.

The body keeps the contract's ``detail`` and adds RFC 9457's members and a stable code.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from runs.api import request_id
from runs.api.access import CHALLENGE
from runs.api.json import VerbatimJSONRenderer
from runs.api.rendering import render_run
from runs.errors import (
    BadRequestError,
    DeadlineExceededError,
    EvaluationCancelledError,
    EvaluatorDiedError,
    EvaluatorNotFoundError,
    FieldError,
    ForbiddenError,
    InvalidSubmissionError,
    LiveModeDisabledError,
    MalformedFormError,
    NotAuthenticatedError,
    RunConflictError,
    RunError,
    RunNotEndedError,
    RunNotFoundError,
    ServerStoppedError,
    StorageNotConfiguredError,
    TooBusyError,
    TraceNotFoundError,
    UnsupportedEncodingError,
)
from runs.models import Run

logger = logging.getLogger(__name__)

STATUS: dict[type[RunError], HTTPStatus] = {
    InvalidSubmissionError: HTTPStatus.UNPROCESSABLE_ENTITY,
    BadRequestError: HTTPStatus.BAD_REQUEST,
    UnsupportedEncodingError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    MalformedFormError: HTTPStatus.BAD_REQUEST,
    EvaluationCancelledError: HTTPStatus.CONFLICT,
    DeadlineExceededError: HTTPStatus.GATEWAY_TIMEOUT,
    EvaluatorDiedError: HTTPStatus.SERVICE_UNAVAILABLE,
    ServerStoppedError: HTTPStatus.SERVICE_UNAVAILABLE,
    TooBusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    EvaluatorNotFoundError: HTTPStatus.NOT_FOUND,
    RunNotFoundError: HTTPStatus.NOT_FOUND,
    TraceNotFoundError: HTTPStatus.NOT_FOUND,
    RunConflictError: HTTPStatus.CONFLICT,
    RunNotEndedError: HTTPStatus.CONFLICT,
    NotAuthenticatedError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    LiveModeDisabledError: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageNotConfiguredError: HTTPStatus.SERVICE_UNAVAILABLE,
}
RETRY_AFTER_S = 5
TOLD_HEADERS = {"WWW-Authenticate", "Retry-After", "Allow"}
MEBIBYTE = 1024 * 1024


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into its answer; None lets it become a 500."""
    if isinstance(error, RunError):
        return _run_problem(error)
    if isinstance(error, RequestDataTooBig):
        return too_large(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("storage unavailable: %s", error)
        return _unavailable()
    if isinstance(error, Http404 | Run.DoesNotExist):  # deleted while it was looked at
        error = exceptions.NotFound()
    if isinstance(error, exceptions.APIException):
        return _framework_problem(error)
    return None


def _run_problem(error: RunError) -> Response:
    status = STATUS[type(error)]
    response = _problem(status, error.code, _detail(error), str(error))
    if status is HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = CHALLENGE
    if error.run_id:
        response.data["runId"] = str(error.run_id)
    if isinstance(error, TooBusyError | EvaluatorDiedError | ServerStoppedError):
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _detail(error: RunError) -> Any:
    """Return what the contract puts under ``detail``."""
    if isinstance(error, InvalidSubmissionError):
        return error.errors
    if isinstance(error, RunConflictError):
        persisted = render_run(error.persisted, payload=True)
        return {"message": str(error), "persisted": persisted}
    return str(error)


def too_large(limit: int) -> Response:
    """Say that the body is over the limit, in bytes, and what it is."""
    text = f"Request body exceeds {limit // MEBIBYTE}MB limit"
    return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", text)


def _unavailable() -> Response:
    text = "storage is unavailable; the request was not carried out, try again"
    response = _problem(HTTPStatus.SERVICE_UNAVAILABLE, "storage_unavailable", text)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _framework_problem(error: exceptions.APIException) -> Response:
    if isinstance(error, exceptions.UnsupportedMediaType):
        return _not_json(error)
    status = HTTPStatus(error.status_code)
    plain = isinstance(error, exceptions.MethodNotAllowed | exceptions.NotFound)
    text = status.phrase if plain else str(error.detail)
    return _problem(status, str(error.get_codes()), text)


def _not_json(error: exceptions.UnsupportedMediaType) -> Response:
    """Refuse a body of another type; the contract takes it for one that is no object."""
    text = f"{error.detail} Send it as application/json."
    fault = FieldError(type="model_attributes_type", loc=("body",), msg=text)
    return _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, str(error.get_codes()), [fault], text
    )


def _problem(
    status: HTTPStatus, code: str, detail: Any, text: str | None = None
) -> Response:
    body = {
        "detail": detail,
        "type": "about:blank",
        "title": text or (detail if isinstance(detail, str) else status.phrase),
        "status": status.value,
        "code": code,
        "requestId": request_id.current(),
    }
    return Response(body, status=status.value)


def _is_api(request: HttpRequest) -> bool:
    return request.path_info == "/api" or request.path_info.startswith("/api/")


def _as_http(problem: Response) -> HttpResponse:
    """Render a problem outside of the REST framework."""
    body = VerbatimJSONRenderer().render(problem.data)
    response = HttpResponse(
        body, status=problem.status_code, content_type="application/json"
    )
    for name in TOLD_HEADERS & set(problem.headers):
        response[name] = problem[name]
    return response


def posted(view: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> Any:
    """Serve POST with an async view outside of the REST framework, its errors as here."""

    @csrf_exempt  # as in the framework: a token is no cookie
    @wraps(view)
    async def serve(request: HttpRequest) -> HttpResponseBase:
        try:
            if request.method != "POST":
                raise exceptions.MethodNotAllowed(request.method or "")  # noqa: TRY301 - one way for all
            return await view(request)
        except Exception as error:
            problem = exception_handler(error, {})
            if problem is None:
                raise
            return _as_http(problem)

    return serve


@csrf_exempt
def api_not_found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Answer an unknown path below ``/api`` in JSON."""
    return _as_http(_problem(HTTPStatus.NOT_FOUND, "not_found", "Not Found"))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer an unknown path: with a page for browsers, as the contract for others."""
    if request.get_preferred_type(["application/json", "text/html"]) == "text/html":
        return defaults.page_not_found(request, exception)
    return api_not_found(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer what Django refuses before a view sees it: below ``/api`` in JSON."""
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    text = "Bad Request"
    if isinstance(exception, DisallowedHost):
        text = "the request's Host is not among AGENTEVALS_ALLOWED_HOSTS"
    return _as_http(_problem(HTTPStatus.BAD_REQUEST, "bad_request", text))


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer a fault of ours, whose traceback is logged with the id of the request."""
    if not _is_api(request):
        return defaults.server_error(request)
    text = "Internal Server Error"
    return _as_http(_problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", text))
