"""Fetching the trace of a run whose target is ``http``, and keeping it."""

from __future__ import annotations

import logging
from http import HTTPStatus

from evaluation.traces.load import detect_format
from evaluation.values import JSONObject
from runs.egress.client import Client, Reply
from runs.egress.errors import EgressError
from runs.models import Run, RunInput, RunStatus, TraceDocument
from runs.spec import Payload
from runs.targets import host_of, trace_url
from runs.worker.execution import Ending

logger = logging.getLogger(__name__)

TIMEOUT_S = 30.0
MEBIBYTE = 1024 * 1024
# As much as a client may send inline.
MAX_BYTES = 50 * MEBIBYTE
RETRIED = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class TraceNotFetchedError(Exception):
    """The trace store answered, and not with a trace; another attempt is no use."""

    transient = False


class TraceUnavailableError(TraceNotFetchedError):
    """The trace store cannot answer now."""

    transient = True


def fetch(spec: JSONObject, client: Client) -> Payload:
    """Fetch the trace of a specification; uses no database.

    Raises:
        EgressError: there was no answer.
        TraceNotFetchedError: the answer is no trace.
    """
    url = trace_url(spec["target"])
    given = {name.lower(): text for name, text in _headers(spec).items()}
    reply = client.call(
        "GET",
        url,
        headers={"accept": "application/json", **given},
        timeout_s=TIMEOUT_S,
        max_bytes=MAX_BYTES,
    )
    return _read(reply, host_of(url), forced=spec["target"].get("trace_format"))


def _headers(spec: JSONObject) -> dict[str, str]:
    headers: dict[str, str] = (spec.get("context") or {}).get("headers") or {}
    return {name: text.strip() for name, text in headers.items()}


def _read(reply: Reply, host: str, *, forced: str | None) -> Payload:
    status = reply.status
    if status in RETRIED or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TraceUnavailableError(f"{host} answered HTTP {status}")
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise TraceNotFetchedError(f"{host} answered HTTP {status}")
    if reply.is_cut:
        limit = MAX_BYTES // MEBIBYTE
        raise TraceNotFetchedError(f"the trace at {host} exceeds {limit}MB")
    detected = detect_format(reply.body)
    if detected is None and forced is None:
        raise TraceNotFetchedError(f"what {host} answered is no trace export")
    return Payload(content=reply.body, format=forced or detected or "")


def keep(run: Run, payload: Payload) -> None:
    """Store a fetched trace for a run that is held, so that it can be run again."""
    document = TraceDocument.of(payload.content, format=payload.format)
    TraceDocument.objects.keep([document])
    # Also when the answer to the commit was lost and this is done again.
    stored = RunInput(run=run, position=0, document=document)
    RunInput.objects.bulk_create([stored], ignore_conflicts=True)


def failure(error: Exception) -> Ending:
    """Return how an attempt ends whose trace did not come.

    The answer of a stranger may break anything; that must end the run, not the worker.
    """
    if isinstance(error, EgressError | TraceNotFetchedError):
        text, transient = str(error), error.transient
    else:
        logger.error("fetching a trace broke", exc_info=error)
        text, transient = f"internal error ({type(error).__name__})", False
    return Ending(
        status=RunStatus.FAILED,
        error=f"the trace could not be fetched: {text}",
        error_code="trace_unavailable" if transient else "trace_not_fetched",
        transient=transient,
    )
