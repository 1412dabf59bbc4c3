"""The operations that stream."""

from __future__ import annotations

from agentevals_site.openapi.operation import (
    RUN_ID,
    Answer,
    Body,
    Operation,
    Parameter,
)
from results.streaming.frames import CONTENT_TYPE

TAG = "events"
EVENT = """id: 3
event: progress
data: {"runId":"6f1c…","seq":3,"kind":"progress","payload":{"attempt":1,"results":[]},"createdAt":"2026-01-31T12:00:00Z"}

"""
CHANGE = """id: 2026-01-31T12:00:00.123456Z
event: run
data: {"runId":"6f1c…","status":"succeeded","name":"","attempt":1,"seq":4,"verdict":"passed","errorCode":null,"cancelRequested":false,"createdAt":"…","startedAt":"…","finishedAt":"…"}

"""


def resume(says: str) -> tuple[Parameter, ...]:
    """Return the two ways to say what a client has already; the header wins."""
    return (
        Parameter(name="Last-Event-ID", kind=str, says=says, place="header"),
        Parameter(name="lastEventId", kind=str, says=f"{says} The header wins."),
    )


OPERATIONS = (
    Operation(
        method="get",
        path="/api/runs/events",
        name="streamRunChanges",
        tag=TAG,
        summary="Stream where runs stand whenever that changes",
        says="Follow all runs; a run may be told twice, and `seq` tells which is newer.",
        parameters=resume("The id of the last change that you have."),
        answers={
            200: Answer(
                says="What changes from now on, or since the last change you have.",
                bodies=(Body(media=CONTENT_TYPE, example=CHANGE),),
            ),
        },
        problems=(422, 503),
    ),
    Operation(
        method="get",
        path="/api/runs/{run_id}/events",
        name="streamRunEvents",
        tag=TAG,
        summary="Stream what happens to a run until it ends",
        parameters=(RUN_ID, *resume("The id of the last event that you have.")),
        answers={
            200: Answer(
                says="Its events, from the beginning or after the last one you have.",
                bodies=(Body(media=CONTENT_TYPE, example=EVENT),),
            ),
            204: Answer(says="It has ended and you have everything."),
        },
        problems=(404, 422, 503),
    ),
)
