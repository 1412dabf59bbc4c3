"""The description covers every route and says of each document what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from agentevals_site.openapi import results, runs, service
from agentevals_site.openapi.generator import OPERATIONS
from agentevals_site.openapi.views import rendered
from agentevals_site.views import VERSION
from evaluation.metrics.registry import describe
from runs.api.rendering import render_run
from runs.models import Run
from tests.runs.building import make_run

DOCUMENT: dict[str, Any] = msgspec.json.decode(rendered())
# What is no part of the API: pages, their icon, and the description itself.
PAGES = {"/", "/admin", "/docs", "/redoc", "/favicon.ico", "/openapi.json"}
UNDESCRIBED = {*PAGES, "/api/schema", "/api(/|$)"}


def routes(entries: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    """Yield the path of every route, parameters in braces."""
    for entry in entries:
        here = prefix + str(entry.pattern).lstrip("^").removesuffix("$")
        if isinstance(entry, URLResolver) and not here.startswith("/admin"):
            yield from routes(entry.url_patterns, here)
        else:
            path = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", here)
            yield path.replace("/?", "").removesuffix("\\Z").rstrip("/") or "/"


def keys(kind: type[msgspec.Struct]) -> list[str]:
    """Return the names of a document's fields, in order."""
    return [field.encode_name for field in msgspec.structs.fields(kind)]


def test_the_version_is_that_of_the_package() -> None:
    assert DOCUMENT["info"]["version"] == VERSION


def test_every_route_is_described_or_is_a_page() -> None:
    routed = set(routes(get_resolver().url_patterns))

    assert routed - UNDESCRIBED == {each.path for each in OPERATIONS}
    assert routed >= UNDESCRIBED


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_a_path_of_the_description_leads_to_a_view(operation: Any) -> None:
    if operation.is_view:
        path = operation.path.format(run_id="x", position=0, name="x")

        assert resolve(path).url_name
        assert resolve(path).view_name != "not-found"


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [each.name for each in OPERATIONS]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_parameters_of_the_path_are_described(operation: Any) -> None:
    told = {each.name for each in operation.parameters if each.place == "path"}

    assert told == set(re.findall(r"{(\w+)}", operation.path))


@pytest.mark.django_db
def test_a_run_is_as_described() -> None:
    run = Run.objects.with_inputs(content=True).get(pk=make_run().pk)

    shown = render_run(run, payload=True)

    assert list(shown) == keys(runs.Run)
    assert list(shown["spec"]) == keys(runs.StoredSpec)
    assert list(shown["spec"]["target"]) == keys(runs.StoredTarget)


def test_a_metric_is_as_described() -> None:
    for metric in describe():
        assert list(metric) == keys(service.Metric)
        assert msgspec.convert(metric, service.Metric)


def test_states_are_those_of_the_models() -> None:
    from results.models import DeliveryState, EvaluatorType, ResultStatus
    from runs.models import RunStatus

    assert _choices(runs.Run, "status") == set(RunStatus.values)
    assert _choices(results.Result, "status") == set(ResultStatus.values)
    assert _choices(results.Result, "evaluatorType") == set(EvaluatorType.values)
    assert _choices(results.Delivery, "state") == set(DeliveryState.values)


def _choices(kind: type[msgspec.Struct], name: str) -> set[str]:
    schema = DOCUMENT["components"]["schemas"][kind.__name__]
    return set(schema["properties"][name]["enum"])


@pytest.mark.parametrize("path", ["/openapi.json", "/api/schema", "/api/schema/"])
def test_the_description_is_served_whatever_is_accepted(
    client: Client, path: str
) -> None:
    response = client.get(path, headers={"accept": "text/html"})

    assert response["Content-Type"] == "application/json"
    assert response.json() == DOCUMENT
    assert response.json()["openapi"].startswith("3.1")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_pages_load_nothing_from_elsewhere(client: Client, path: str) -> None:
    response = client.get(path)
    loaded = re.findall(r'(?:src|href|spec-url)="([^"]+)"', response.content.decode())

    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert loaded
    assert [url for url in loaded if not url.startswith("/")] == []


@pytest.mark.django_db  # closing a file ends the request, and connections with it
@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_what_pages_load_is_there(client: Client, path: str) -> None:
    page = client.get(path).content.decode()

    for url in re.findall(r'(?:src|href)="(/static[^"]+)"', page):
        response = client.get(url)
        response.close()
        assert response.status_code == 200, url


READS = [each for each in OPERATIONS if each.method == "get"]


def read(client: Client, operation: Any, query: str) -> Any:
    """Ask for something that is there, if anything is."""
    path = operation.path.format(run_id=make_run().pk, position=0, name="x")
    return client.get(f"{path}?{query}")


@pytest.mark.django_db
@pytest.mark.parametrize("operation", READS, ids=lambda each: each.name)
@pytest.mark.parametrize(
    ("name", "cure"), [("zzzzzz", "there are"), ("format", "use one of")]
)
def test_a_parameter_that_means_nothing_is_refused(
    client: Client, operation: Any, name: str, cure: str
) -> None:
    response = read(client, operation, f"{name}=zzzzzz")

    faults = {each["loc"][-1]: each["msg"] for each in response.json()["detail"]}
    assert response.status_code == 422
    assert cure in faults[name]
    known = [each.name for each in operation.parameters if each.place == "query"]
    assert name == "format" or all(each in faults[name] for each in known)


BODIES = [each for each in OPERATIONS if each.bodies and each.bodies[0].example]


@pytest.mark.django_db
@pytest.mark.parametrize("operation", BODIES, ids=lambda each: each.name)
def test_every_described_field_is_read(client: Client, operation: Any) -> None:
    """A field that nobody reads would take any value."""
    body = operation.bodies[0]
    path = operation.path.format(run_id=make_run().pk, name="mine")

    for name in keys(body.kind):
        wrong = {**body.example, name: 1.5}
        response = getattr(client, operation.method)(
            path, msgspec.json.encode(wrong), content_type="application/json"
        )

        assert response.status_code == 422, name
        assert name in [
            place for fault in response.json()["detail"] for place in fault["loc"]
        ]


def test_descriptions_are_written_as_readers_show_them() -> None:
    texts = [
        schema.get("description", "")
        for schema in DOCUMENT["components"]["schemas"].values()
    ]

    assert any("`" in text for text in texts)
    assert not [text for text in texts if "``" in text or "\n   " in text]
