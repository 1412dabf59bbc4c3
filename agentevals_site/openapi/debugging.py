"""The debug endpoints."""

from __future__ import annotations

from typing import Any

from agentevals_site.openapi.operation import Answer, Body, Document, File, Operation

TAG = "debug"


class Report(Document, rename=None):
    """What a client tells of a fault; other keys are ignored."""

    user_description: str = ""
    browser_info: dict[str, Any] = {}
    console_logs: list[dict[str, Any]] = []
    app_state: dict[str, Any] = {}
    network_errors: list[dict[str, Any]] = []


class LoadForm(Document, rename=None):
    """A form with a bug report."""

    file: File


OPERATIONS = (
    Operation(
        method="post",
        path="/api/debug/bundle",
        name="makeBugReport",
        tag=TAG,
        summary="Pack a bug report",
        says="Versions, settings that are no secrets, the last lines of the log, and "
        "what is sent; secrets are covered. With tokens it needs the scope `admin`.",
        bodies=(Body(kind=Report, example={"user_description": "It hangs."}),),
        answers={
            200: Answer(says="A ZIP file.", bodies=(Body(media="application/zip"),))
        },
    ),
    Operation(
        method="post",
        path="/api/debug/load",
        name="loadBugReport",
        tag=TAG,
        summary="Load the sessions of a bug report",
        says="This server keeps no live sessions, so it always refuses.",
        bodies=(Body(kind=LoadForm, media="multipart/form-data"),),
        answers={},
        problems=(400, 503),
    ),
)
