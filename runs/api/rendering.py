"""A run as the contract's JSON."""

from __future__ import annotations

from evaluation.values import JSONObject
from runs.api.json import Verbatim
from runs.api.redaction import redact_spec
from runs.errors import InvalidSubmissionError, RunConflictError
from runs.models import Run, TraceDocument
from runs.submission import Answer, Outcome

# The contract's names for the keys of a spec, in its order. Others follow as they are.
SPEC_KEYS = {
    "approach": "approach",
    "target": "target",
    "eval_set": "evalSet",
    "eval_config": "evalConfig",
    "sinks": "sinks",
    "context": "context",
}
TARGET_KEYS = {
    "kind": "kind",
    "inline": "inline",
    "base_url": "baseUrl",
    "trace_id": "traceId",
    "trace_format": "traceFormat",
    "trace_count": "traceCount",
    "trace_files": "traceFiles",
}


def render_run(run: Run, *, payload: bool = False) -> JSONObject:
    """Render a run that was read with its inputs.

    With ``payload`` the inline trace is there exactly as it was received.

    Without it ``target.inline`` is null and its digest and size tell what it is, so that a
    list of runs stays light.
    """
    return {
        "runId": run.run_id,
        "status": run.status,
        "spec": _render_spec(run, payload=payload),
        "attempt": run.attempt,
        "workerId": run.worker_id,
        "error": run.error,
        "summary": run.summary,
        "createdAt": run.created_at,
        "startedAt": run.started_at,
        "finishedAt": run.finished_at,
        "cancelRequested": run.cancel_requested,
        "errorCode": run.error_code or None,
        "maxAttempts": run.max_attempts,
        "leaseExpiresAt": run.lease_expires_at,
        "deadlineAt": run.deadline_at,
        "name": run.name,
        "labels": run.labels,
        "priority": run.priority,
    }


def render_answer(answer: Answer) -> JSONObject:
    """Render what became of one run of a batch."""
    run = answer.run
    outcome = {"outcome": answer.outcome.value, "runId": run.run_id}
    if answer.outcome is Outcome.CONFLICT:
        return outcome | {"status": None, "detail": str(RunConflictError(run))}
    return outcome | {"status": run.status, "detail": None}


def render_refusal(error: InvalidSubmissionError) -> JSONObject:
    """Render why one run of a batch was not accepted."""
    return {
        "outcome": "invalid",
        "runId": None,
        "status": None,
        "detail": error.errors,
    }


def _render_spec(run: Run, *, payload: bool) -> JSONObject:
    stored = redact_spec(run.spec)
    target = stored["target"]
    document = _inline_document(run)
    if document is not None:
        target["inline"] = Verbatim(document.verbatim()) if payload else None
        target["inlineDigest"] = document.digest
        target["inlineSize"] = document.size
    spec = {**stored, "target": _renamed(target, TARGET_KEYS)}
    return _renamed(spec, SPEC_KEYS)


def _inline_document(run: Run) -> TraceDocument | None:
    """Return the stored payload; lists read it without its bytes."""
    is_inline = run.spec["target"]["kind"] == "inline"
    return run.stored_inputs[0].document if is_inline else None


def _renamed(blob: JSONObject, names: dict[str, str]) -> JSONObject:
    known = {name: blob.get(key) for key, name in names.items()}
    return known | {key: blob[key] for key in blob if key not in names}
