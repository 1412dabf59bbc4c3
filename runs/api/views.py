"""The run endpoints: check, one domain call, answer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.urls import reverse
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from runs import queue
from runs.api.json import envelope
from runs.api.parameters import refuse_parameters
from runs.api.queries import HISTORY, RunQuery
from runs.api.rendering import render_answer, render_refusal, render_run
from runs.api.uploads import refuse_encoding
from runs.deletion import delete
from runs.editing import edit
from runs.errors import (
    FieldError,
    InvalidSubmissionError,
    RunConflictError,
    RunNotFoundError,
    StorageNotConfiguredError,
)
from runs.group_commit import GroupCommit
from runs.models import Run
from runs.requests import read_batch, read_edit, read_rerun
from runs.spec import Submission, read_submission
from runs.submission import Answer, Outcome, resubmission, submit
from runs.wakeups import announce_work


class DurableViewSet(ViewSet):
    """Endpoints that need storage; the request itself is checked first."""

    lookup_field = "run_id"
    lookup_value_regex = "[^/]+"

    def require_storage(self) -> None:
        """Refuse when there is no durable backend.

        Raises:
            StorageNotConfiguredError: names the variable to set.
        """
        if not settings.DURABLE:
            raise StorageNotConfiguredError

    def run_or_404(self, run_id: str, *, content: bool | None = None) -> Run:
        """Return the run that the path names.

        ``content`` asks for its inputs too: with their bytes, or without.

        Raises:
            InvalidSubmissionError: the path holds no UUID.
            RunNotFoundError: there is no such run.
        """
        pk = read_run_id(run_id)
        self.require_storage()
        runs = Run.objects.filter(pk=pk)
        run = (runs if content is None else runs.with_inputs(content=content)).first()
        if run is None:
            raise RunNotFoundError(pk)
        return run

    def whole_run(self, run_id: str, *, code: int = status.HTTP_200_OK) -> Response:
        """Answer with all of a run, its inline trace included."""
        run = self.run_or_404(run_id, content=True)
        return Response(envelope(render_run(run, payload=True)), status=code)


def read_body(request: Request) -> bytes:
    """Return the body as it was sent.

    Raises:
        RequestDataTooBig: it is longer than DATA_UPLOAD_MAX_MEMORY_SIZE.
        UnsupportedEncodingError: it is compressed.
        UnsupportedMediaType: it is not declared to be JSON.
    """
    refuse_encoding(request)
    body: bytes = request.body
    if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        # Django looks at the declared length only, and a chunked body declares none.
        raise RequestDataTooBig
    _ = request.data  # has the parser check the content type
    return body


def read_run_id(text: str) -> UUID:
    """Read the id in a path.

    Raises:
        InvalidSubmissionError: it is no UUID.
    """
    try:
        return UUID(text)
    except ValueError as error:
        message = f"Input should be a valid UUID, not {text!r}"
        fault = FieldError(
            loc=("path", "run_id"), msg=message, type="uuid_parsing", input=text
        )
        raise InvalidSubmissionError([fault]) from error


def submit_all(given: Sequence[Submission]) -> list[Answer]:
    """Queue runs with the budget of attempts that is set."""
    return submit(given, max_attempts=settings.MAX_RUN_ATTEMPTS)


# Requests that arrive together share a transaction.
submissions = GroupCommit(submit_all)


class RunViewSet(DurableViewSet):
    """Submit, list, read, rename, cancel and delete runs."""

    def create(self, request: Request) -> Response:
        """Queue a run; the same request again finds the same run."""
        submission = read_submission(read_body(request))
        self.require_storage()
        return self.accept(submission)

    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Queue up to 1,000 runs; each is accepted, found or refused on its own."""
        items = read_batch(read_body(request))
        self.require_storage()
        valid = [item for item in items if isinstance(item, Submission)]
        answers = iter(submit_all(valid))
        announce_work()
        outcomes = [
            render_answer(next(answers))
            if isinstance(item, Submission)
            else render_refusal(item)
            for item in items
        ]
        return Response(envelope(outcomes), status=status.HTTP_202_ACCEPTED)

    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, run_id: str) -> Response:
        """Evaluate the stored traces of a run in a new run, changed as asked."""
        rerun = read_rerun(read_body(request))
        return self.accept(resubmission(self.run_or_404(run_id, content=True), rerun))

    def accept(self, submission: Submission) -> Response:
        """Submit and answer with the run.

        Raises:
            RunConflictError: its id is another run's.
        """
        answer = submissions.do(submission)
        run = answer.run
        if answer.outcome is not Outcome.CREATED:
            run = self.run_or_404(str(run.pk), content=True)
        if answer.outcome is Outcome.CONFLICT:
            raise RunConflictError(run)
        announce_work()
        headers = {
            "Location": reverse("run-detail", args=[run.run_id]),
            "Idempotent-Replay": str(answer.outcome is Outcome.EXISTING).lower(),
        }
        return Response(
            envelope(render_run(run, payload=True)),
            status=status.HTTP_202_ACCEPTED,
            headers=headers,
        )

    def list(self, request: Request) -> Response:
        """List runs, newest first; `nextCursor` leads to the next page."""
        query = RunQuery.read(request.query_params)
        self.require_storage()
        runs = Run.objects.filter(query.condition).with_inputs(content=False)
        page = HISTORY.page(runs, limit=query.limit, after=query.after)
        rendered = [render_run(run) for run in page.rows]
        return Response(envelope(rendered, nextCursor=page.next_cursor))

    def retrieve(self, request: Request, run_id: str) -> Response:
        """Read one run, its inline trace included."""
        refuse_parameters(request)
        return self.whole_run(run_id)

    def partial_update(self, request: Request, run_id: str) -> Response:
        """Change the name and the labels; null removes one."""
        wanted = read_edit(read_body(request))
        pk = read_run_id(run_id)
        self.require_storage()
        edit(pk, wanted)
        return self.whole_run(run_id)

    def destroy(self, request: Request, run_id: str) -> Response:
        """Delete a run that has ended, its results, and traces that only it reads."""
        pk = read_run_id(run_id)
        self.require_storage()
        delete(pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, run_id: str) -> Response:
        """Ask for the end of a run; the answer is its state after the request."""
        pk = read_run_id(run_id)
        self.require_storage()
        queue.cancel(pk)
        announce_work()
        return self.whole_run(run_id)
