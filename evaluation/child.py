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
from collections.abc import Callable
from functools import cache, partial
from typing import BinaryIO

import msgspec

from evaluation.answering import Send, Teller
from evaluation.capabilities import Capabilities
from evaluation.config import parse_config
from evaluation.converting import convert_documents
from evaluation.errors import EvaluationError
from evaluation.evaluating import Document, evaluate_documents
from evaluation.evaluators.running import CodeRunner, Rules
from evaluation.framing import Frame, FrameKind, read_work
from evaluation.garbage import collect_after_job, collect_seldom
from evaluation.judging.model import Judge
from evaluation.judging.piping import PipedJudge
from evaluation.judging.progress import JudgingTeller
from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.parentage import end_with_parent
from evaluation.rendering import finite
from evaluation.values import JSON, JSONObject, Value


class DocumentHeader(Value, frozen=True, kw_only=True):
    """What a job says of a document; its bytes follow in a frame of their own."""

    name: str = ""
    format: str | None = None


class Job(Value, frozen=True, kw_only=True):
    """What to evaluate.

    ``done`` names the units (trace id, evaluator) that have results already. The eval set
    comes decoded, or as bytes (``eval_set_document``) before the other documents. Of a
    ``strict`` job everything must be readable. ``answer`` asks for the result as a client
    is sent it, ``watch`` for every step besides. ``code`` is what evaluators that are files
    may do; without it they may not be run.
    """

    config: JSONObject
    eval_set: JSON = None
    eval_set_document: DocumentHeader | None = None
    strict: bool = False
    answer: bool = False
    watch: bool = False
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

    def send(kind: FrameKind, message: JSON) -> None:
        pass_on(Frame(kind=kind, body=msgspec.json.encode(message)))

    numbers = itertools.count()
    while (frame := read_work(source)) is not None:
        make_judge = partial(PipedJudge, source, pass_on, job=next(numbers))
        try:
            if frame.kind is FrameKind.CONVERT:
                done = convert(frame.body, source, send)
            else:
                done = evaluate(frame.body, source, send, make_judge)
        except EvaluationError as error:
            done = Done(
                error=str(error), error_code=error.code, transient=error.transient
            )
        send(FrameKind.DONE, done)
        del done
        collect_after_job()


def _capabilities(job: Job, judge: Judge) -> Capabilities:
    code = None if job.code is None else _sandbox(job.code)
    return Capabilities(code=code, judge=judge)


@cache
def _sandbox(rules: Rules) -> CodeRunner:
    """Return the sandbox of these rules; its warden serves every job to come."""
    from evaluation.evaluators.sandbox import Sandbox  # late: start-up time

    return Sandbox(rules, os.environ)


def evaluate(
    body: bytes, source: BinaryIO, send: Send, make_judge: Callable[..., Judge]
) -> Done:
    """Carry out a job.

    Raises:
        EvaluationError: there can be no result.
    """
    job = msgspec.json.decode(body, type=Job)
    golden = job.eval_set_document
    eval_set = _document(golden, source).content if golden else job.eval_set
    documents = [_document(header, source) for header in job.documents]
    config = parse_config(job.config, allow_unknown_metrics=True)
    judge = make_judge(limits=config.judge_limits)
    teller = Teller(send)
    judging = JudgingTeller(time.monotonic, partial(send, FrameKind.JUDGING))

    def report(trace: TraceResult, metric: MetricResult) -> None:
        send(FrameKind.PROGRESS, Progress(trace_id=trace.trace_id, metric=metric))
        if job.watch:
            teller.result(trace, metric)

    result = evaluate_documents(
        documents,
        eval_set=eval_set,
        eval_set_name=golden.name if golden else "",
        config=config,
        now=time.monotonic,
        capabilities=_capabilities(job, judge),
        done=frozenset(job.done),
        strict=job.strict,
        on_loaded=teller.loaded if job.answer else None,
        on_trace=teller.trace if job.watch else None,
        on_progress=teller.progress if job.watch else None,
        on_result=report,
        on_answer=judging.heard,
    )
    if job.answer:
        teller.answer(result)
    return Done(result=result)


def convert(body: bytes, source: BinaryIO, send: Send) -> Done:
    """Convert documents instead of evaluating them.

    Raises:
        EvaluationError: no document can be read.
    """
    headers = msgspec.json.decode(body, type=tuple[DocumentHeader, ...])
    documents = [_document(header, source) for header in headers]
    send(FrameKind.ANSWER, finite(convert_documents(documents)))
    return Done()


def _document(header: DocumentHeader, source: BinaryIO) -> Document:
    frame = read_work(source)
    content = frame.body if frame else b""
    return Document(name=header.name, content=content, format=header.format)


if __name__ == "__main__":
    main()
