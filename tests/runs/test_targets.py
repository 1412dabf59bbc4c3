"""Traces that lie elsewhere: what is accepted, fetched and kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.framing import Frame
from results.recording import EvaluationExecutor
from runs import queue
from runs.egress.client import Client
from runs.egress.policy import AddressPolicy
from runs.errors import InvalidSubmissionError
from runs.models import Run, RunEvent
from runs.spec import read_submission
from runs.submission import submit
from runs.targets import TRACE_ID, trace_url
from runs.worker.preparing import Preparation
from tests.runs.building import TRACE, claim_one, fresh
from tests.runs.http_server import HttpServer, Script

BODY = json.dumps(TRACE).encode()
HEX = "3e289017fe03ffd7c4145316d2eb3d0d"


def body(context: Any = None, **target: Any) -> bytes:
    given = {"kind": "http", "baseUrl": "https://jaeger.test/api", "traceId": HEX}
    spec = {"target": given | target, "context": context or {}}
    return json.dumps({"spec": spec}).encode()


@pytest.fixture
def server() -> Iterator[HttpServer]:
    server = HttpServer()
    yield server
    server.close()


@pytest.fixture
def executor() -> Iterator[EvaluationExecutor]:
    client = Client(AddressPolicy.parse(["127.0.0.1"]))
    yield EvaluationExecutor(client)
    client.close()


@pytest.fixture
def run(server: HttpServer, settings: Any, db: None) -> Run:
    """Return a claimed run whose trace is on the server."""
    settings.ADDRESS_POLICY = AddressPolicy.parse(["127.0.0.1"])
    sent = body({"headers": {"X-Key": "k"}}, baseUrl=f"{server.url}/api/")
    submit([read_submission(sent)], max_attempts=3)
    return claim_one()


@pytest.mark.parametrize("trace_id", [HEX, HEX[:16], "trace-42", "a.b_c~d:e"])
def test_a_target_that_can_be_fetched_is_taken(trace_id: str) -> None:
    submission = read_submission(body(traceId=trace_id))

    assert submission.payloads == ()
    assert submission.spec["target"]["trace_id"] == trace_id


@pytest.mark.parametrize(
    ("target", "field", "text"),
    [
        ({"baseUrl": None}, "baseUrl", "base_url"),
        ({"baseUrl": ""}, "baseUrl", "base_url"),
        ({"traceId": None}, "traceId", "base_url"),
        ({"traceId": "../../admin?x=1#"}, "traceId", "trace id"),
        ({"traceId": ".."}, "traceId", "trace id"),
        ({"traceId": "a/b"}, "traceId", "trace id"),
        ({"traceId": "a\nb"}, "traceId", "trace id"),
        ({"traceId": "a" * 200}, "traceId", "trace id"),
        ({"baseUrl": "file:///etc"}, "baseUrl", "base_url"),
        ({"baseUrl": "http://169.254.169.254/"}, "baseUrl", "base_url"),
        ({"baseUrl": "http://u:p@jaeger.test/"}, "baseUrl", "base_url"),
        ({"baseUrl": "http://jaeger.test/?a=b"}, "baseUrl", "base_url"),
        ({"baseUrl": "http://jaeger.test/#a"}, "baseUrl", "base_url"),
        ({"inline": TRACE}, "inline", "inline"),
    ],
)
def test_a_target_that_cannot_be_fetched_is_refused(
    target: dict[str, Any], field: str, text: str
) -> None:
    with pytest.raises(InvalidSubmissionError) as caught:
        read_submission(body(**target))

    (error, *_) = caught.value.errors
    assert error.loc == ("body", "spec", "target", field)
    assert text in error.msg


@pytest.mark.parametrize("headers", [{"X": 1}, ["X"], {"X": "a\nb"}, {"Host": "x"}])
def test_headers_that_cannot_be_sent_are_refused(headers: Any) -> None:
    with pytest.raises(InvalidSubmissionError) as caught:
        read_submission(body({"headers": headers}))

    assert caught.value.errors[0].loc[:4] == ("body", "spec", "context", "headers")


@given(st.from_regex(TRACE_ID, fullmatch=True))
def test_a_trace_id_never_leaves_its_place(trace_id: str) -> None:
    url = trace_url({"base_url": "http://jaeger.test/api/", "trace_id": trace_id})

    before, _, last = url.rpartition("/")
    assert before == "http://jaeger.test/api"
    assert not set(last) & set("/?#\\")
    assert last not in {".", ".."}


def prepare(run: Run, executor: EvaluationExecutor) -> bool:
    """Do what a worker does before an evaluator starts; whether it may start."""
    over = threading.Event()
    work = executor.preparation(run)
    assert work is not None
    preparation = Preparation(work, over.set)
    assert over.wait(timeout=20)
    with queue.holding([run.lease]) as held:
        ending = executor.prepare(held[run.lease], preparation)
        if ending is not None:
            RunEvent.objects.log([ending.apply(held[run.lease])])
    return ending is None


@pytest.mark.durable
@pytest.mark.django_db
def test_a_fetched_trace_is_kept_and_not_fetched_again(
    server: HttpServer, run: Run, executor: EvaluationExecutor
) -> None:
    server.script = [Script(body=BODY)]

    assert prepare(run, executor)

    (request,) = server.requests
    assert (request.method, request.path) == ("GET", f"/api/{HEX}")
    assert request.headers["X-Key"] == "k"
    stored = run.inputs.get()
    assert stored.document.verbatim() == BODY
    assert stored.document.format == "otlp-json"
    job = executor.job(run)
    assert len(job) == 2
    assert all(isinstance(frame, Frame) for frame in job)
    assert executor.preparation(run) is None


@pytest.mark.durable
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("script", "status", "code"),
    [
        (Script(status=503), "queued", "trace_unavailable"),
        (Script(status=429), "queued", "trace_unavailable"),
        (Script(status=404), "failed", "trace_not_fetched"),
        (Script(status=401), "failed", "trace_not_fetched"),
        (
            Script(status=302, headers={"Location": "/x"}),
            "failed",
            "trace_not_fetched",
        ),
        (Script(body=b"<html>"), "failed", "trace_not_fetched"),
        (Script(body=b'{"a": 1}'), "failed", "trace_not_fetched"),
    ],
    ids=["503", "429", "404", "401", "redirect", "html", "other json"],
)
def test_what_comes_instead_of_a_trace_decides_about_a_retry(
    server: HttpServer,
    run: Run,
    executor: EvaluationExecutor,
    script: Script,
    status: str,
    code: str,
) -> None:
    server.script = [script]

    assert not prepare(run, executor)

    assert (fresh(run).status, fresh(run).error_code) == (status, code)
    assert not run.inputs.exists()


@pytest.mark.durable
@pytest.mark.django_db
def test_a_trace_that_is_too_large_is_not_kept(
    server: HttpServer,
    run: Run,
    executor: EvaluationExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runs.fetching.MAX_BYTES", 10)
    server.script = [Script(body=BODY)]

    assert not prepare(run, executor)

    assert "exceeds" in (fresh(run).error or "")


@pytest.mark.durable
@pytest.mark.django_db
def test_a_store_on_the_inside_is_refused_at_the_connection(
    server: HttpServer, run: Run
) -> None:
    assert not prepare(run, EvaluationExecutor(Client(AddressPolicy())))

    assert fresh(run).error_code == "trace_not_fetched"
    assert server.requests == []


@pytest.mark.durable
@pytest.mark.django_db
def test_a_fault_of_ours_ends_the_run_and_not_the_worker(
    server: HttpServer,
    run: Run,
    executor: EvaluationExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(content: bytes) -> str:
        raise RecursionError("deep secret")

    monkeypatch.setattr("runs.fetching.detect_format", broken)
    server.script = [Script(body=BODY)]

    assert not prepare(run, executor)

    assert fresh(run).status == "failed"
    assert "secret" not in (fresh(run).error or "")


def test_a_preparation_tells_its_end_whatever_that_is() -> None:
    over = threading.Event()

    def work() -> None:
        raise ValueError("no")

    preparation = Preparation(work, over.set)

    assert over.wait(timeout=20)
    assert preparation.is_over
    assert isinstance(preparation.error, ValueError)
