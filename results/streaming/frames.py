"""Events as they stand on the wire: ``text/event-stream``."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import msgspec

from evaluation.values import JSON, JSONObject
from runs.models import RunEvent, RunStatus

CONTENT_TYPE = "text/event-stream"
KEEP_ALIVE = b": \n\n"
# When a client that lost its stream comes back; not all at once after a restart.
RETRY_MS = (1_000, 3_000)


class Entry(NamedTuple):
    """One event to be sent: its number in the log, its bytes, whether it ends a run."""

    number: int
    frame: bytes
    is_end: bool = False


def greeting() -> bytes:
    """Return what every stream begins with: headers get through, clients learn when to come back."""
    return b"retry: %d\n\n" % random.randint(*RETRY_MS)  # noqa: S311 - spreads load


def frame(*, name: str, data: JSONObject, ident: str = "") -> bytes:
    """Return one event; JSON has no line breaks, so its data is one line."""
    body = msgspec.json.encode(data)
    head = f"id: {ident}\n" if ident else ""
    return f"{head}event: {name}\ndata: ".encode() + body + b"\n\n"


def run_event(event: RunEvent) -> Entry:
    """Render an event of a run's log."""
    data = {
        "runId": event.run_id,
        "seq": event.seq,
        "kind": event.kind,
        "payload": camelised(event.payload),
        "createdAt": event.created_at,
    }
    return Entry(
        event.seq,
        frame(name=event.kind, data=data, ident=str(event.seq)),
        is_end=event.kind in RunStatus.values and RunStatus(event.kind).is_terminal,
    )


def camelised(value: JSON) -> Any:
    """Return a payload with camelCase names: all of them are ours, so all are renamed."""
    if isinstance(value, dict):
        return {_camel(name): camelised(item) for name, item in value.items()}
    if isinstance(value, list):
        return [camelised(item) for item in value]
    return value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
