"""Converting documents for a client that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
from django.http import HttpRequest

from evaluation.child import DocumentHeader, Done
from evaluation.framing import Frame, FrameKind
from results.evaluating.asked import check_files
from runs.api.uploads import Form, read_form
from runs.errors import BadRequestError, DeadlineExceededError, EvaluatorDiedError
from runs.hosting import Host, Hosted

FILES = "trace_files"


def read_uploads(request: HttpRequest) -> Form:
    """Read the form of ``POST /api/convert``.

    Raises:
        RunError: as the contract says.
    """
    form = read_form(request)
    try:
        form.require(files=[FILES])
        check_files(form.files(FILES))
    except BaseException:
        form.close()
        raise
    return form


async def convert(form: Form, host: Host, *, deadline_s: float) -> msgspec.Raw:
    """Return the traces of the form's files as turns.

    Raises:
        BadRequestError: no file holds a trace.
        DeadlineExceededError: it took too long.
        EvaluatorDiedError: the process that converted has ended.
        ServerStoppedError: the server ends.
    """
    size = sum(file.size for file in form.files(FILES))
    try:
        async with host.evaluator(size) as hosted, asyncio.timeout(deadline_s):
            return await _answer(hosted, _job(form))
    except TimeoutError:
        raise DeadlineExceededError(deadline_s) from None
    finally:
        form.close()


async def _answer(hosted: Hosted, job: Iterator[Frame]) -> msgspec.Raw:
    answer: msgspec.Raw | None = None
    async for frame in hosted.work(job):
        if frame.kind is FrameKind.ANSWER:
            answer = msgspec.Raw(frame.body)
        elif frame.kind is FrameKind.DONE and answer is None:
            raise BadRequestError(msgspec.json.decode(frame.body, type=Done).error)
    if answer is None:
        raise EvaluatorDiedError
    return answer


def _job(form: Form) -> Iterator[Frame]:
    files, forced = form.files(FILES), form.text("trace_format") or None
    headers = [DocumentHeader(name=file.name, format=forced) for file in files]
    yield Frame(kind=FrameKind.CONVERT, body=msgspec.json.encode(headers))
    for file in files:
        yield Frame(kind=FrameKind.DOCUMENT, body=file.read())
