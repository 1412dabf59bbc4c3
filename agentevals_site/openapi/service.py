"""The operations on the service itself."""

from __future__ import annotations

from typing import Literal

import msgspec

from agentevals_site.openapi.operation import Answer, Body, Document, Operation

TAG = "service"


class Health(Document):
    """That the process answers."""

    status: Literal["ok"]
    version: str


class Check(Document):
    """One thing that is needed."""

    ok: bool
    detail: str


class Readiness(Document):
    """Whether runs can be accepted and will be worked on."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, Check]


class ApiKeys(Document):
    """Which providers' keys the server has."""

    google: bool
    anthropic: bool
    openai: bool


class Config(Document):
    """What a client may know of the configuration; ``otlp`` is for later versions."""

    api_keys: ApiKeys
    otlp: None


class Range(Document):
    """The scale of a score; null for an open end."""

    min: float
    max: float | None


class MetricOption(Document):
    """An option of an evaluator of this metric."""

    name: str
    required: bool
    description: str


class Lack(Document):
    """Why a metric cannot be used here."""

    code: str
    text: str


class Metric(Document):
    """What can be measured."""

    name: str
    category: str
    requires_eval_set: bool
    requires_llm: bool = msgspec.field(name="requiresLLM")
    requires_gcp: bool = msgspec.field(name="requiresGCP")
    requires_rubrics: bool
    description: str
    working: bool
    direction: Literal["higher", "lower", "informational"]
    range: Range
    default_threshold: float | None
    options: list[MetricOption]
    usable: bool
    unusable_reason: Lack | None


OPERATIONS = (
    Operation(
        method="get",
        path="/api/health",
        name="getHealth",
        tag=TAG,
        summary="Say that the process answers",
        answers={
            200: Answer(
                says="It does; nothing else is looked at.",
                kind=Health,
                example={"status": "ok", "version": "1.0.0"},
            )
        },
        is_open=True,
    ),
    Operation(
        method="get",
        path="/api/ready",
        name="getReadiness",
        tag=TAG,
        summary="Say whether runs can be accepted and will be worked on",
        answers={
            200: Answer(says="It is ready.", kind=Readiness),
            503: Answer(says="Something is missing.", kind=Readiness),
        },
        is_open=True,
    ),
    Operation(
        method="get",
        path="/api/config",
        name="getConfig",
        tag=TAG,
        summary="Say which keys the server has",
        answers={200: Answer(says="Never the keys.", kind=Config)},
    ),
    Operation(
        method="get",
        path="/api/metrics",
        name="listMetrics",
        tag=TAG,
        summary="List what can be measured",
        answers={
            200: Answer(says="The contract's first, then ours.", kind=list[Metric])
        },
    ),
    Operation(
        method="get",
        path="/metrics",
        name="getFigures",
        tag=TAG,
        summary="Tell the figures of queue and workers to Prometheus",
        answers={
            200: Answer(says="In its text format.", bodies=(Body(media="text/plain"),))
        },
    ),
)
