"""Readiness and figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from pytest_django import Settings

from runs.models import Worker
from runs.models.clock import from_now
from runs.worker.counters import LATENCY_BUCKETS_S, Counters
from tests.runs.building import claim_one, make_run

pytestmark = [pytest.mark.durable, pytest.mark.django_db]


def sign_on(**fields: Any) -> Worker:
    """Make a worker that was just seen."""
    return Worker.objects.create(
        worker_id="w", host="h", pid=1, version="1", slots=4, **fields
    )


def test_a_service_with_storage_and_a_worker_is_ready(client: Client) -> None:
    sign_on()

    response = client.get("/api/ready")

    assert response.status_code == 200
    assert response.json()["data"]["status"] == "ready"


@pytest.mark.parametrize("missing", ["never", "silent", "stopped"])
def test_without_a_worker_it_is_not_ready(client: Client, missing: str) -> None:
    if missing != "never":
        worker = sign_on()
        past = from_now(timedelta(hours=-1))
        field = {"silent": "seen_at", "stopped": "stopped_at"}[missing]
        Worker.objects.filter(pk=worker.pk).update(**{field: past})

    response = client.get("/api/ready")

    assert response.status_code == 503
    assert response.json()["data"]["checks"]["workers"]["ok"] is False


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OperationalError("gone\nwith details"), "gone"),
        (OperationalError(), "OperationalError"),
        (InterfaceError("\n"), "InterfaceError"),
    ],
    ids=["with a text", "without", "with an empty line"],
)
def test_a_database_that_fails_is_told_in_a_line(
    client: Client, error: Exception, told: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    with connection.execute_wrapper(fail):
        response = client.get("/api/ready")

    assert response.status_code == 503
    assert response.json()["data"]["checks"]["database"]["detail"] == told


def test_without_storage_it_is_ready_for_what_it_can(
    client: Client, settings: Settings
) -> None:
    settings.DURABLE = False

    assert client.get("/api/ready").status_code == 200
    assert client.get("/metrics").status_code == 200


def test_the_queue_is_measured(client: Client) -> None:
    make_run()
    make_run()
    claim_one()

    text = client.get("/metrics").content.decode()

    assert 'agentevals_runs{status="queued"} 1.0' in text
    assert 'agentevals_runs{status="running"} 1.0' in text
    assert "agentevals_queue_oldest_seconds" in text


def test_what_workers_count_is_shown(client: Client) -> None:
    counters = Counters()
    counters.claimed(timedelta(milliseconds=20))
    counters.claimed(timedelta(hours=2))
    counters.add("stale_writes_refused", 3)
    sign_on(counters=counters.snapshot(), busy=2)

    text = client.get("/metrics").content.decode()

    assert (
        'agentevals_worker_events{event="stale_writes_refused",worker="w"} 3.0' in text
    )
    assert 'agentevals_worker_busy{worker="w"} 2.0' in text
    assert 'agentevals_claim_latency_seconds_bucket{le="0.025",worker="w"} 1.0' in text
    assert 'agentevals_claim_latency_seconds_count{worker="w"} 2.0' in text


def test_latency_buckets_are_cumulative() -> None:
    counters = Counters()
    for bound in LATENCY_BUCKETS_S:
        counters.claimed(timedelta(seconds=bound))

    buckets = counters.snapshot()["claim_latency_buckets"]

    assert list(buckets.values()) == list(range(1, len(LATENCY_BUCKETS_S) + 1))
