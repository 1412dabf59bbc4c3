"""What a client or a worker can be refused, each with a stable code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from evaluation.values import JSON, Value

if TYPE_CHECKING:
    from runs.models import Run


class RunError(Exception):
    """A request about runs that cannot be met; ``code`` is for programs.

    ``run_id`` names the run of an evaluation that somebody waited for.
    """

    code: ClassVar[str] = "run_error"
    run_id: UUID | None = None


class FieldError(Value, frozen=True, kw_only=True):
    """One fault in a request: where, what, and the value that was sent."""

    type: str = "value_error"
    loc: tuple[str | int, ...]
    msg: str
    input: JSON = None


class InvalidSubmissionError(RunError):
    """The request is malformed; ``errors`` names every field that is."""

    code = "invalid_request"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        """Keep the faults and say each once."""
        super().__init__("; ".join(dict.fromkeys(error.msg for error in errors)))
        self.errors = list(errors)


class BadRequestError(RunError):
    """The request cannot be carried out as it is, and the text says why."""

    code = "bad_request"


class MalformedFormError(BadRequestError):
    """The form cannot be taken apart, or has more in it than may be."""

    code = "malformed_form"


class UnsupportedEncodingError(RunError):
    """The body is compressed."""

    code = "unsupported_encoding"

    def __init__(self, encoding: str) -> None:
        """Name the encoding and the cure."""
        super().__init__(
            f"Content-Encoding {encoding!r} is not supported; send the body as it is"
        )


class RunNotFoundError(RunError):
    """There is no run of this id."""

    code = "run_not_found"

    def __init__(self, run_id: UUID) -> None:
        """Name the run."""
        super().__init__(f"run {run_id} not found")


class EvaluatorNotFoundError(RunError):
    """Nobody has set up an evaluator of this name."""

    code = "evaluator_not_found"

    def __init__(self, name: str) -> None:
        """Name what was asked for."""
        super().__init__(f"there is no stored evaluator {name!r}")


class TraceNotFoundError(RunError):
    """A run has no trace document at this place."""

    code = "trace_not_found"

    def __init__(self, run: Run, position: str) -> None:
        """Name the place and how places are counted."""
        super().__init__(
            f"run {run.run_id} has no trace document {position!r}; they are counted from 0"
        )


class RunConflictError(RunError):
    """The run id is taken by a run with another spec, which ``persisted`` is."""

    code = "run_conflict"

    def __init__(self, persisted: Run) -> None:
        """Keep the stored run for the answer."""
        super().__init__("run_id already exists with a different spec")
        self.persisted = persisted


class NotAuthenticatedError(RunError):
    """The request has no token that is in force."""

    code = "not_authenticated"


class ForbiddenError(RunError):
    """The token is in force and was not made for this."""

    code = "forbidden"


class StorageNotConfiguredError(RunError):
    """Runs need a durable backend and there is none."""

    code = "storage_not_configured"

    def __init__(self) -> None:
        """Name the variable and its values."""
        super().__init__(
            "run service is not configured (set AGENTEVALS_STORAGE_BACKEND=postgres, "
            "or =sqlite for durable storage on one machine)"
        )


class LiveModeDisabledError(RunError):
    """Sessions that agents send live are not kept by this server."""

    code = "live_mode_disabled"

    def __init__(self) -> None:
        """Say it in the contract's words."""
        super().__init__("Live mode not enabled")


class RunNotEndedError(RunError):
    """Only a run that has ended can be tried again."""

    code = "run_not_ended"

    def __init__(self, run: Run) -> None:
        """Name the run and where it stands."""
        super().__init__(
            f"run {run.run_id} is {run.status}; wait for its end or cancel it first"
        )


class LeaseLostError(RunError):
    """Another worker, a sweep or an operator took the run: write nothing."""

    code = "lease_lost"


class WorkerAlreadyRunningError(RunError):
    """A SQLite file has one worker process, and it is not this one."""

    code = "worker_already_running"


class TooBusyError(RunError):
    """So many wait for an evaluator that another one would wait in vain."""

    code = "too_busy"

    def __init__(self, waiting: int) -> None:
        """Say how long the line is."""
        super().__init__(
            f"{waiting} evaluations wait already; try again later, or submit a run "
            "(POST /api/runs), which waits in the queue"
        )


class EvaluatorDiedError(RunError):
    """The process that evaluated has ended before it was done."""

    code = "evaluator_died"

    def __init__(self, run_id: UUID | None = None) -> None:
        """Say so."""
        super().__init__("the evaluator process died before it was done")
        self.run_id = run_id


class ServerStoppedError(RunError):
    """The server ends, and with it what it worked on."""

    code = "server_stopped"

    def __init__(self, run_id: UUID | None = None) -> None:
        """Say it, and where what was found by then is kept."""
        kept = f"; run {run_id} keeps what was found by then" if run_id else ""
        super().__init__(f"the server was stopped before the end{kept}")
        self.run_id = run_id


class EvaluationCancelledError(RunError):
    """Somebody cancelled the run whose result was waited for."""

    code = "cancelled"

    def __init__(self, run_id: UUID) -> None:
        """Name the run."""
        super().__init__(f"run {run_id} was cancelled by request")
        self.run_id = run_id


class DeadlineExceededError(RunError):
    """The evaluation took too long and was stopped."""

    code = "deadline_exceeded"

    def __init__(self, deadline_s: float, run_id: UUID | None = None) -> None:
        """Name the limit."""
        super().__init__(
            f"deadline_exceeded: the evaluation was stopped after {deadline_s:g} s "
            "(AGENTEVALS_RUN_DEADLINE_S)"
        )
        self.run_id = run_id
