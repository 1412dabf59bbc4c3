"""A target that lies elsewhere: kind ``http``, as it is checked at submit."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

from evaluation.values import JSON, JSONObject
from runs.egress.errors import DestinationRefusedError
from runs.egress.policy import check_url
from runs.errors import FieldError
from runs.fields import Fields, Loc
from runs.sinks import check_headers, sink_rules

# OpenTelemetry's ids, and the plain words of other stores; never ``..`` or ``/``.
TRACE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,127}")


def check_http_target(fields: Fields, spec: JSONObject) -> None:
    """Report everything that would keep the trace from being fetched."""
    if fields.has("inline"):
        fields.fault("inline", "kind `http` fetches the trace; `inline` must be absent")
    for key, name in (("base_url", "baseUrl"), ("trace_id", "traceId")):
        if not spec[key]:
            message = "kind `http` needs target.base_url and target.trace_id"
            fields.fault(name, message)
    if spec["trace_id"] and not TRACE_ID.fullmatch(spec["trace_id"]):
        cure = "expected a trace id: 16 or 32 hex digits, or a plain word"
        fields.fault("traceId", cure)
    if spec["base_url"]:
        _check_base_url(fields, spec["base_url"])


def _check_base_url(fields: Fields, base_url: str) -> None:
    try:
        parts = check_url(base_url, sink_rules().addresses)
    except DestinationRefusedError as error:
        fields.fault("baseUrl", f"target.base_url: {error}")
        return
    if "?" in base_url or parts.fragment:
        cure = "must have no query and no fragment; the trace id is added at its end"
        fields.fault("baseUrl", f"target.base_url {cure}")


def check_context(context: JSONObject, loc: Loc) -> list[FieldError]:
    """Return the faults of the headers that are sent to the trace store."""
    headers: JSON = context.get("headers") or {}
    place = (*loc, "headers")
    if not isinstance(headers, dict) or not _all_text(headers.values()):
        return [FieldError(loc=place, msg="expected names with text values")]
    return check_headers(headers, place)


def _all_text(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def trace_url(target: JSONObject) -> str:
    """Return where the trace is: ``<base url>/<trace id>``, the id percent-encoded."""
    return f"{target['base_url'].rstrip('/')}/{quote(target['trace_id'], safe='')}"


def host_of(url: str) -> str:
    """Return what an error may tell of a URL."""
    return urlsplit(url).hostname or "the trace store"
