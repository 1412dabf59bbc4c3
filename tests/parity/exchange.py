"""One request to one server, and what matters of its answer."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import httpx2

# Others belong to the server's software, not to the contract.
HEADERS = (
    "content-type",
    "cache-control",
    "content-disposition",
    "allow",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-max-age",
)
TIMEOUT_S = 60.0
UploadedPart = tuple[str, tuple[str, bytes]]


class Request(NamedTuple):
    """What is sent to both servers."""

    method: str
    path: str
    json: Any = None
    raw: bytes | None = None
    fields: dict[str, str] | None = None
    files: tuple[UploadedPart, ...] = ()
    headers: dict[str, str] | None = None


class Answer(NamedTuple):
    """What came back; ``body`` is decoded: JSON, a list of events, or text."""

    status: int
    headers: dict[str, str]
    body: Any


def ask(base: str, request: Request) -> Answer:
    """Send a request."""
    sent: dict[str, Any] = {"headers": request.headers}
    if request.raw is not None:
        sent["content"] = request.raw
    elif request.files or request.fields is not None:
        sent |= {"files": list(request.files), "data": request.fields or {}}
    elif request.json is not None:
        sent["json"] = request.json
    with httpx2.Client(base_url=base, timeout=TIMEOUT_S, trust_env=False) as client:
        response = client.request(request.method, request.path, **sent)
    headers = {name: response.headers.get(name, "") for name in HEADERS}
    return Answer(response.status_code, headers, _body(response))


def _body(response: httpx2.Response) -> Any:
    kind = response.headers.get("content-type", "")
    if kind.startswith("application/json"):
        return response.json()
    if kind.startswith("text/event-stream"):
        return events(response.text)
    return response.text[:200]


def events(text: str) -> list[dict[str, Any]]:
    """Take a stream apart: name and data of each event; comments are left out."""
    found = []
    for block in text.split("\n\n"):
        lines = [line.partition(":") for line in block.splitlines()]
        fields = {name: value.removeprefix(" ") for name, _, value in lines if name}
        if "data" in fields:
            data = json.loads(fields["data"])
            found.append({"event": fields.get("event"), "data": data})
    return found
