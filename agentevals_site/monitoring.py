"""Whether the service is ready, and its figures for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.db import Error
from django.db.models import Count, Max
from django.http import HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from rest_framework.decorators import (
    api_view,
    authentication_classes,
    permission_classes,
)
from rest_framework.request import Request
from rest_framework.response import Response

from agentevals_site.migrating import pending_migrations
from evaluation.values import JSONObject
from runs.api.json import envelope
from runs.api.parameters import refuse_parameters
from runs.models import Run, Worker

# A worker that missed this many leases is not counted on.
ALIVE = timedelta(seconds=settings.LEASE_S)


@api_view(["GET", "HEAD"])
@authentication_classes([])
@permission_classes([])
def ready(request: Request) -> Response:
    """Say whether runs can be accepted and will be worked on; 503 when not."""
    refuse_parameters(request)
    checks = _checks()
    is_ready = all(check["ok"] for check in checks.values())
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    body = {"status": "ready" if is_ready else "not_ready", "checks": checks}
    return Response(envelope(body), status=status)


def _checks() -> dict[str, JSONObject]:
    if not settings.DURABLE:
        return {"storage": {"ok": True, "detail": "memory: nothing is kept"}}
    try:
        pending = pending_migrations()
        workers = Worker.objects.alive(ALIVE).count() if not pending else 0
    except Error as error:
        return {"database": {"ok": False, "detail": _first_line(error)}}
    return {
        "database": {"ok": True, "detail": settings.STORAGE_BACKEND},
        "migrations": {"ok": not pending, "detail": f"{len(pending)} to apply"},
        "workers": {"ok": workers > 0, "detail": f"{workers} seen"},
    }


def _first_line(error: Exception) -> str:
    """Return what an error says, or at least what it is."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


class QueueCollector(Collector):
    """Asks the database at each scrape; counts only what is alive, never the history."""

    def collect(self) -> Iterable[Metric]:
        """Yield all figures."""
        if settings.DURABLE:
            yield from _queue()
            yield from _workers(list(Worker.objects.alive(ALIVE).with_silence()))


def _queue() -> Iterator[Metric]:
    depth = GaugeMetricFamily(
        "agentevals_runs", "Runs that wait or run.", labels=["status"]
    )
    counts = dict.fromkeys(("queued", "running"), 0)
    unfinished = Run.objects.unfinished().order_by()
    counts |= dict(unfinished.values_list("status").annotate(count=Count("pk")))
    for status, count in counts.items():
        depth.add_metric([status], count)
    yield depth
    longest = Run.objects.due().with_times().order_by().aggregate(Max("waited"))
    waited = longest["waited__max"]
    yield GaugeMetricFamily(
        "agentevals_queue_oldest_seconds",
        "How long the run that has waited longest is due.",
        value=waited.total_seconds() if waited else 0.0,
    )


def _workers(workers: list[Worker]) -> Iterator[Metric]:
    """Yield what workers report of themselves, by worker."""
    yield GaugeMetricFamily("agentevals_workers", "Workers seen.", value=len(workers))
    for name in ("slots", "busy"):
        family = GaugeMetricFamily(
            f"agentevals_worker_{name}", f"Evaluators: {name}.", labels=["worker"]
        )
        for worker in workers:
            family.add_metric([worker.worker_id], getattr(worker, name))
        yield family
    yield _heartbeat_age(workers)
    yield _totals(workers)
    yield _claim_latency(workers)


def _heartbeat_age(workers: list[Worker]) -> Metric:
    family = GaugeMetricFamily(
        "agentevals_worker_heartbeat_age_seconds",
        "Time since the worker was heard of.",
        labels=["worker"],
    )
    for worker in workers:
        family.add_metric([worker.worker_id], worker.silent.total_seconds())
    return family


def _totals(workers: list[Worker]) -> Metric:
    """Yield counts since the start of each worker; it starts again at zero."""
    family = GaugeMetricFamily(
        "agentevals_worker_events",
        "What a worker has counted since it started.",
        labels=["worker", "event"],
    )
    for worker in workers:
        for name, value in worker.counters.items():
            if not name.startswith("claim_latency"):
                family.add_metric([worker.worker_id, name], value)
    return family


def _claim_latency(workers: list[Worker]) -> Metric:
    family = HistogramMetricFamily(
        "agentevals_claim_latency_seconds",
        "Time from when a run was due to its claim.",
        labels=["worker"],
    )
    for worker in workers:
        counters = worker.counters
        claimed = counters.get("claimed", 0)
        buckets = [
            *counters.get("claim_latency_buckets", {}).items(),
            ("+Inf", claimed),
        ]
        family.add_metric(
            [worker.worker_id], buckets, counters.get("claim_latency_s", 0.0)
        )
    return family


registry = CollectorRegistry(auto_describe=False)
registry.register(QueueCollector())


@api_view(["GET", "HEAD"])
def metrics(request: Request) -> HttpResponse:
    """Answer in Prometheus's text format."""
    refuse_parameters(request)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
