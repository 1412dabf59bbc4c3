"""The API, asked at random from its own description: nothing undescribed, no fault of ours.

A few requests an operation, the same in every run; ``FUZZ_EXAMPLES`` asks for more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from agentevals_site.openapi.generator import OPERATIONS
from agentevals_site.openapi.operation import Operation
from agentevals_site.openapi.views import rendered
from runs.models import Worker
from tests.runs.building import make_run

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
# What always refuses, because of what the server is, can only do so with a 503.
VIEWS = {each.name: each for each in OPERATIONS if each.is_view and each.answers}
# Where nothing is sent, nothing can be wrong.
ASKED = [(name, POSITIVE.value) for name in VIEWS] + [
    (name, NEGATIVE.value)
    for name, each in VIEWS.items()
    if each.parameters or each.bodies
]


@cache
def description() -> Any:
    """Return the description with the application behind it."""
    loaded = schemathesis.openapi.from_dict(msgspec.json.decode(rendered()))
    loaded.app = get_wsgi_application()
    return loaded


def requests(operation: Operation, mode: GenerationMode) -> list[Any]:
    """Make requests that the description allows, or that it forbids."""
    made: list[Any] = []
    strategy = description()[operation.path][operation.method].as_strategy(
        generation_mode=mode
    )

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def collect(case: Any) -> None:
        made.append(case)

    collect()
    return made


@pytest.fixture(scope="module", params=ASKED, ids=lambda asked: "-".join(asked))
def cases(request: pytest.FixtureRequest) -> list[Any]:
    """Return requests, made before the test has its database.

    PostgreSQL ends a session that sleeps inside the transaction of a test.
    """
    name, mode = request.param
    return requests(VIEWS[name], GenerationMode(mode))


@pytest.fixture
def _one_connection(db: None) -> Iterator[None]:
    """Keep the connection after a request, as Django's own test client does."""
    ends = (request_started, request_finished)
    for signal in ends:
        signal.disconnect(close_old_connections)
    yield
    for signal in ends:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_one_connection")
def test_no_request_finds_what_is_not_described(cases: list[Any]) -> None:
    run_id = str(make_run().pk)
    Worker.objects.create(worker_id="w", host="h", pid=1, version="1", slots=4)

    for case in cases:
        if case.path_parameters.get("run_id") and case.meta.generation.mode == POSITIVE:
            case.path_parameters["run_id"] = run_id
        case.call_and_validate(checks=CHECKS)
