"""Every answer names its request; a fault of ours is JSON, and is told in the log."""

from __future__ import annotations

import logging

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from agentevals_site.logs import keep_faults
from agentevals_site.urls import handler400, handler404, handler500, urlpatterns

PROBLEM_KEYS = ["detail", "type", "title", "status", "code", "requestId"]


def broken(request: HttpRequest) -> HttpResponse:
    """Fail as no view should."""
    raise ZeroDivisionError


# This module is the URL configuration of the tests below.
__all__ = ["handler400", "handler404", "handler500"]
urlpatterns = [path("api/broken", broken), path("broken", broken), *urlpatterns]


@pytest.fixture
def patient(settings: Settings) -> Client:
    """Return a client that takes a 500 for an answer."""
    settings.ROOT_URLCONF = __name__
    return Client(raise_request_exception=False)


def test_a_fault_of_ours_is_a_problem_that_names_the_request(patient: Client) -> None:
    response = patient.get("/api/broken", headers={"x-request-id": "abc-1"})

    assert response.status_code == 500
    assert list(response.json()) == PROBLEM_KEYS
    assert response.json()["code"] == "internal_error"
    assert response.json()["requestId"] == response["X-Request-ID"] == "abc-1"
    assert "ZeroDivision" not in response.content.decode()


def test_a_fault_outside_of_the_api_is_a_page(patient: Client) -> None:
    response = patient.get("/broken")

    assert response.status_code == 500
    assert response["Content-Type"].startswith("text/html")
    assert "site.css" in response.content.decode()


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "image/png"])
def test_an_unknown_path_is_a_problem(client: Client, accept: str) -> None:
    headers = {"accept": accept} if accept else {}

    response = client.get("/nothing", headers=headers)

    assert response.status_code == 404
    assert list(response.json()) == PROBLEM_KEYS
    assert response.json()["detail"] == "Not Found"


def test_an_unknown_path_is_a_page_in_a_browser(client: Client) -> None:
    accept = "text/html,application/xhtml+xml,*/*;q=0.8"

    response = client.get("/nothing", headers={"accept": accept})

    assert response.status_code == 404
    assert "site.css" in response.content.decode()


def test_the_log_tells_a_fault_with_its_request(
    patient: Client, caplog: pytest.LogCaptureFixture
) -> None:
    patient.get("/api/broken", headers={"x-request-id": "abc-2"})

    (record,) = [each for each in caplog.records if each.name == "django.request"]
    assert record.exc_info
    assert record.getMessage().endswith("/api/broken (request abc-2)")


@pytest.mark.parametrize("path", ["/api/nothing", "/api/runs/xyz", "/nothing"])
def test_what_a_client_gets_wrong_is_not_logged(
    client: Client, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    response = client.get(path)

    assert 400 <= response.status_code < 500
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


def test_an_answer_on_purpose_is_no_fault() -> None:
    record = logging.makeLogRecord({"status_code": 503, "msg": "Service Unavailable"})

    assert not keep_faults(record)


def test_a_strange_host_is_told_the_cure(client: Client) -> None:
    response = client.get("/api/health/", headers={"host": "elsewhere.example"})

    assert response.status_code == 400
    assert response.json()["code"] == "bad_request"
    assert "AGENTEVALS_ALLOWED_HOSTS" in response.json()["detail"]


def test_an_answer_without_a_given_id_makes_one(client: Client) -> None:
    first, second = client.get("/api/health"), client.get("/api/health")

    assert len(first["X-Request-ID"]) == 32
    assert first["X-Request-ID"] != second["X-Request-ID"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a\tb", "ä", "<script>"])
def test_an_id_that_could_do_harm_is_replaced(client: Client, given: str) -> None:
    response = client.get("/api/nothing", headers={"x-request-id": given})

    assert response["X-Request-ID"] != given
    assert response.json()["requestId"] == response["X-Request-ID"]


@pytest.mark.django_db  # closing the file ends the request, and connections with it
def test_a_browser_that_asks_for_an_icon_gets_one(client: Client) -> None:
    response = client.get("/favicon.ico", follow=True)
    response.close()

    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"


@pytest.mark.parametrize(
    "accept", ["text/event-stream", "application/xml", "nonsense", ""]
)
def test_whatever_a_client_accepts_it_gets_json(client: Client, accept: str) -> None:
    response = client.get("/api/health", headers={"accept": accept})

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
