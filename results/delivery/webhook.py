"""The webhook sink: one signed POST."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from results.delivery.documents import body
from results.delivery.outcome import DELIVERED, Outcome
from results.models import Delivery
from runs.egress.client import Client, Reply
from runs.egress.errors import EgressError
from runs.sinks import HEADER_VALUE, WebhookSink, is_sendable

# The answer's body says nothing to us; reading a little keeps the connection usable.
MAX_ANSWER_BYTES = 64 * 1024
MAX_RETRY_AFTER_S = 3600.0
RETRIED = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}


def post(
    delivery: Delivery, sink: WebhookSink, client: Client, *, secret: str
) -> Outcome:
    """Send an event and judge the answer; a redirect is a failure."""
    content = body(delivery)
    headers = {**_headers(sink), **_marks(delivery, content, secret)}
    try:
        reply = client.call(
            "POST",
            sink.url,
            headers=headers,
            content=content,
            timeout_s=sink.timeout_s,
            max_bytes=MAX_ANSWER_BYTES,
        )
    except EgressError as error:
        return Outcome(error=str(error), transient=error.transient)
    return judge(reply)


def judge(reply: Reply) -> Outcome:
    """Decide by the status; the body of an answer is never repeated anywhere."""
    if HTTPStatus(200) <= reply.status < HTTPStatus(300):
        return DELIVERED
    transient = reply.status in RETRIED or reply.status >= HTTPStatus(500)
    return Outcome(
        error=f"HTTP {reply.status}",
        transient=transient,
        retry_after_s=retry_after(reply.headers.get("Retry-After", "")),
    )


def retry_after(text: str) -> float | None:
    """Read ``Retry-After``, seconds or a date; None if it is neither, at most an hour."""
    try:
        wait_s = float(text) if text.isdecimal() else _seconds_until(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait_s, 0.0), MAX_RETRY_AFTER_S)


def _seconds_until(date: str) -> float:
    moment = parsedate_to_datetime(date)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()


def _headers(sink: WebhookSink) -> dict[str, str]:
    """Resolve the sink's own headers now, so that a changed secret counts at once."""
    resolved = {"content-type": "application/json"}
    resolved |= {name.lower(): value for name, value in sink.headers.items()}
    for name, variable in sink.variables.items():
        value = os.environ.get(variable)
        if is_sendable(variable) and value and HEADER_VALUE.fullmatch(value):
            resolved[name.lower()] = value
    return {name: value.strip() for name, value in resolved.items()}


def _marks(delivery: Delivery, content: bytes, secret: str) -> Mapping[str, str]:
    """Return what tells a receiver which event this is, and that it comes from us."""
    marks = {
        "idempotency-key": delivery.key,
        "agentevals-sequence": str(delivery.sequence),
    }
    if secret:
        marks["agentevals-signature"] = sign(content, secret, at_s=int(time.time()))
    return marks


def sign(content: bytes, secret: str, *, at_s: int) -> str:
    """Return ``t=<unix time>,v1=<hex HMAC-SHA256 of "<unix time>.<body>">``.

    The time is signed with the body, so that a receiver can refuse what is replayed.
    """
    message = str(at_s).encode() + b"." + content
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"
