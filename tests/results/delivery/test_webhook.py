"""Webhooks against a real server on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from results.delivery.deliverer import settle
from results.delivery.outcome import DELIVERED, Outcome
from results.delivery.sending import Sender
from results.delivery.webhook import retry_after, sign
from results.models import Delivery
from runs.egress.client import Client
from runs.egress.policy import AddressPolicy
from tests.results.delivery.building import (
    claim,
    done,
    let_time_pass,
    record,
    run_with,
    unit,
)
from tests.runs.building import claim_one
from tests.runs.http_server import HttpServer, Script
from tests.runs.test_sinks import HOOK


@pytest.fixture
def server() -> Iterator[HttpServer]:
    server = HttpServer()
    yield server
    server.close()


@pytest.fixture
def sender() -> Iterator[Sender]:
    client = Client(AddressPolicy.parse(["127.0.0.1"]))
    yield Sender(client, folder=None, secret="")
    client.close()


def event(server: HttpServer, **options: Any) -> Delivery:
    """Return the second event of a run for a webhook at the server."""
    delivery = Delivery(
        run_id="895d0a0d-8485-4e57-a85b-64f8a5c74644",
        sink_kind="http_webhook",
        sequence=2,
        phase="final",
        run_attempt=1,
        payload={"summary": {"trace_count": 1}},
    )
    delivery.options = {**HOOK, "url": f"{server.url}/hook?a=b", **options}
    return delivery


def test_an_event_is_posted_as_json(server: HttpServer, sender: Sender) -> None:
    assert sender(event(server)) == DELIVERED

    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/hook?a=b")
    assert json.loads(request.body)["summary"] == {"trace_count": 1}
    assert request.headers["Content-Type"] == "application/json"
    assert (
        request.headers["Idempotency-Key"] == "895d0a0d-8485-4e57-a85b-64f8a5c74644:2"
    )
    assert request.headers["Agentevals-Sequence"] == "2"
    assert "Agentevals-Signature" not in request.headers


def test_headers_are_resolved_when_they_are_sent(
    server: HttpServer, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTEVALS_SINK_KEY", "of the day")
    monkeypatch.setenv("OPENAI_API_KEY", "never")

    sender(
        event(
            server,
            headers={"x-key": "literal", "Content-Type": "application/x-own"},
            headers_from_env={
                "X-Key": "AGENTEVALS_SINK_KEY",
                "X-Unset": "AGENTEVALS_SINK_UNSET",
                "X-Stolen": "OPENAI_API_KEY",
            },
        )
    )

    headers = server.requests[0].headers
    assert headers.get_all("X-Key") == ["of the day"]
    assert headers["Content-Type"] == "application/x-own"
    assert "X-Unset" not in headers
    assert "X-Stolen" not in headers


def test_the_other_form_of_references_works(
    server: HttpServer, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTEVALS_SINK_KEY", "of the day")
    reference = {"Authorization": {"from_env": "AGENTEVALS_SINK_KEY"}}

    sender(event(server, auth={"kind": "headers", "headers": reference}))

    assert server.requests[0].headers["Authorization"] == "of the day"


def test_a_delivery_is_signed_when_there_is_a_secret(server: HttpServer) -> None:
    client = Client(AddressPolicy.parse(["127.0.0.1"]))

    Sender(client, folder=None, secret="shared")(event(server))

    client.close()
    (request,) = server.requests
    signature = request.headers["Agentevals-Signature"]
    at = signature.removeprefix("t=").partition(",")[0]
    expected = hmac.new(
        b"shared", at.encode() + b"." + request.body, hashlib.sha256
    ).hexdigest()
    assert signature == f"t={at},v1={expected}"
    assert sign(request.body, "shared", at_s=int(at)) == signature


@pytest.mark.parametrize(
    ("status", "delivered", "transient"),
    [
        (200, True, False),
        (204, True, False),
        (301, False, False),
        (308, False, False),
        (400, False, False),
        (401, False, False),
        (404, False, False),
        (408, False, True),
        (410, False, False),
        (425, False, True),
        (429, False, True),
        (500, False, True),
        (503, False, True),
    ],
)
def test_the_status_decides(
    server: HttpServer,
    sender: Sender,
    status: int,
    delivered: bool,
    transient: bool,
) -> None:
    location = {"Location": f"{server.url}/elsewhere"}
    server.script = [Script(status=status, headers=location, body=b"secret of theirs")]

    outcome = sender(event(server))

    assert (not outcome.error, outcome.transient) == (delivered, transient)
    assert outcome.error in {"", f"HTTP {status}"}
    assert len(server.requests) == 1


def test_a_receiver_says_when_to_come_again(server: HttpServer, sender: Sender) -> None:
    server.script = [Script(status=429, headers={"Retry-After": "7"})]

    assert sender(event(server)).retry_after_s == 7.0


def test_the_time_of_a_retry_is_read_in_every_form() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)

    assert retry_after("120") == 120.0
    assert 50 < (retry_after(later) or 0) <= 60
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert retry_after("9" * 400) == 3600.0
    assert [retry_after(text) for text in ("", "soon", "-5")] == [None, None, None]


def test_a_receiver_that_is_away_is_asked_again(sender: Sender) -> None:
    away = HttpServer()
    delivery = event(away)
    away.close()

    outcome = sender(delivery)

    assert outcome.transient
    assert outcome.error


def test_a_slow_receiver_is_given_up_in_time(
    server: HttpServer, sender: Sender
) -> None:
    server.script = [Script(pause_s=10)]

    assert sender(event(server, timeout_s=0.2)).transient


def test_an_address_of_the_inside_is_refused_for_good(server: HttpServer) -> None:
    client = Client(AddressPolicy())

    outcome = Sender(client, folder=None, secret="")(event(server))

    assert (outcome.transient, server.requests) == (False, [])
    assert "AGENTEVALS_ALLOWED_PRIVATE_HOSTS" in outcome.error


def test_options_that_went_bad_are_an_outcome(
    server: HttpServer, sender: Sender
) -> None:
    assert "wrong" in sender(event(server, timeout_s="soon")).error


def test_nothing_delivers_to_a_kind_that_is_gone(
    server: HttpServer, sender: Sender
) -> None:
    assert "carrier_pigeon" not in sender(event(server, kind="carrier_pigeon")).error
    assert sender(event(server, kind="carrier_pigeon")).error


@pytest.mark.parametrize(
    "sink", [{"kind": "stdout"}, {"kind": "file", "path": "x"}], ids=["stdout", "file"]
)
def test_the_other_sinks_are_sent_to(
    sink: dict[str, str],
    server: HttpServer,
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    delivery = event(server)
    delivery.options = sink
    client = Client(AddressPolicy())

    outcome = Sender(client, folder=tmp_path, secret="")(delivery)

    client.close()
    assert outcome == Outcome()
    file = tmp_path / "x"
    written = file.read_bytes() if file.exists() else capfdbinary.readouterr().out
    assert json.loads(written)["phase"] == "final"


@pytest.mark.durable
@pytest.mark.django_db
def test_a_run_reaches_its_webhook_whole_and_in_order(
    server: HttpServer, sender: Sender, settings: Any
) -> None:
    settings.ADDRESS_POLICY = AddressPolicy.parse(["127.0.0.1"])
    server.script = [Script(status=503)]
    run_with({**HOOK, "url": server.url, "max_attempts": 2})
    run = claim_one()
    record(run, unit("first"))
    record(run, unit("second"), done())

    while claimed := claim():
        for delivery in claimed:
            settle(delivery, sender(delivery))
        let_time_pass()

    bodies = [json.loads(request.body) for request in server.requests]
    assert [body["phase"] for body in bodies] == [
        "partial",
        "partial",
        "partial",
        "final",
    ]
    assert bodies[0] == bodies[1]
    assert [b["results"][0]["evaluatorName"] for b in bodies[1:3]] == [
        "first",
        "second",
    ]
    keys = [request.headers["Idempotency-Key"] for request in server.requests]
    assert keys == [f"{run.pk}:{sequence}" for sequence in (1, 1, 2, 3)]
