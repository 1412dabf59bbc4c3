"""An evaluator process: takes jobs from its supervisor, streams what it finds.

Run as ``python -m evaluation.child PARENT_PID`` with a pipe on either side. It has no database and
no secrets, and it can be killed at any moment: its supervisor decides what that means.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from functools import cache
from typing import BinaryIO

import msgspec

from evaluation.capabilities import Capabilities
from evaluation.config import parse_config
from evaluation.errors import EvaluationError
from evaluation.evaluating import Document, evaluate_documents
from evaluation.evaluators.running import CodeRunner, Rules
from evaluation.framing import Frame, FrameKind, read_work
from evaluation.garbage import collect_seldom
from evaluation.judging.model import Judge
from evaluation.judging.piping import PipedJudge
from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.parentage import end_with_parent
from evaluation.values import JSON, JSONObject, Value


class DocumentHeader(Value, frozen=True, kw_only=True):
    """What a job says of a document; its bytes follow in a frame of their own."""

    name: str = ""
    format: str | None = None


class Job(Value, frozen=True, kw_only=True):
    """What to evaluate.

    ``done`` names the units (trace id, evaluator) that have results already. ``code`` is
    what evaluators that are files may do; without it they may not be run.
    """

    config: JSONObject
    eval_set: JSON = None
    documents: tuple[DocumentHeader, ...] = ()
    done: tuple[tuple[str, str], ...] = ()
    code: Rules | None = None


class Progress(Value, frozen=True, kw_only=True):
    """One finished unit: the result, and the trace it is about."""

    trace_id: str
    metric: MetricResult


class Done(Value, frozen=True, kw_only=True):
    """How a job ended: with a result, or with a reason why there is none."""

    result: RunResult | None = None
    error: str | None = None
    error_code: str = ""
    transient: bool = False


def main() -> None:
    """Serve jobs until the supervisor closes the pipe."""
    end_with_parent(signal.SIGKILL, parent=int(sys.argv[1]))
    collect_seldom()
    # Whatever evaluated code prints must not end up between frames.
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    serve(sys.stdin.buffer, output)


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer every job on ``source`` with frames on ``sink``."""

    def pass_on(frame: Frame) -> None:
        sink.write(frame.encode())

    def send(kind: FrameKind, message: Value) -> None:
        pass_on(Frame(kind=kind, body=msgspec.json.encode(message)))

    def report(trace: TraceResult, metric: MetricResult) -> None:
        send(FrameKind.PROGRESS, Progress(trace_id=trace.trace_id, metric=metric))

    numbers = itertools.count()
    while (frame := read_work(source)) is not None:
        job = msgspec.json.decode(frame.body, type=Job)
        documents = [_document(header, source) for header in job.documents]
        try:
            config = parse_config(job.config)
            judge = PipedJudge(
                source, pass_on, job=next(numbers), limits=config.judge_limits
            )
            done = Done(
                result=evaluate_documents(
                    documents,
                    eval_set=job.eval_set,
                    config=config,
                    now=time.monotonic,
                    capabilities=_capabilities(job, judge),
                    done=frozenset(job.done),
                    on_result=report,
                )
            )
        except EvaluationError as error:
            done = Done(
                error=str(error), error_code=error.code, transient=error.transient
            )
        send(FrameKind.DONE, done)


def _capabilities(job: Job, judge: Judge) -> Capabilities:
    code = None if job.code is None else _sandbox(job.code)
    return Capabilities(code=code, judge=judge)


@cache
def _sandbox(rules: Rules) -> CodeRunner:
    """Return the sandbox of these rules; its warden serves every job to come."""
    from evaluation.evaluators.sandbox import Sandbox  # late: start-up time

    return Sandbox(rules, os.environ)


def _document(header: DocumentHeader, source: BinaryIO) -> Document:
    frame = read_work(source)
    content = frame.body if frame else b""
    return Document(name=header.name, content=content, format=header.format)


if __name__ == "__main__":
    main()
