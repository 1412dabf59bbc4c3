"""What middleware is for holds on the way without threads."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import SyncToAsync, async_to_sync
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import AsyncClient

pytestmark = pytest.mark.django_db


class Browser:
    """Sends requests through the ASGI handler; what is sync runs in the test's thread."""

    def __init__(self) -> None:
        self._client = AsyncClient(enforce_csrf_checks=True)

    def get(self, path: str, **options: Any) -> HttpResponse:
        return async_to_sync(self._client.get)(path, **options)

    def post(self, path: str, data: dict[str, str]) -> HttpResponse:
        return async_to_sync(self._client.post)(path, data)


@pytest.fixture
def browser() -> Browser:
    return Browser()


def test_an_answer_of_the_api_has_a_length_and_is_not_framed(browser: Browser) -> None:
    response = browser.get("/api/health")

    assert response["Content-Length"] == str(len(response.content))
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert not response.cookies


def test_a_foreign_host_is_refused(browser: Browser) -> None:
    response = browser.get("/api/health", headers={"host": "evil.example"})

    assert response.status_code == 400


@pytest.mark.parametrize(
    "path", ["/admin/runs/run/%00/change/", "/admin/runs/run/?status__exact=%00"]
)
def test_an_address_that_no_database_can_look_for_is_refused(
    browser: Browser, path: str
) -> None:
    assert browser.get(path).status_code == 400


def test_pages_keep_sessions_and_guard_their_forms(browser: Browser) -> None:
    User.objects.create_superuser("ada", password="secret")
    form = {"username": "ada", "password": "secret", "next": "/admin/"}

    page = browser.get("/admin/login/")
    refused = browser.post("/admin/login/", form)
    token = page.cookies["csrftoken"].value
    accepted = browser.post("/admin/login/", form | {"csrfmiddlewaretoken": token})
    inside = browser.get("/admin/")

    assert page["X-Frame-Options"] == "DENY"
    assert refused.status_code == 403
    assert accepted.status_code == 302
    assert inside.status_code == 200


def test_a_request_of_the_api_changes_threads_for_few_things(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    change = SyncToAsync.__call__

    def counted(self: SyncToAsync, *args: Any, **kwargs: Any) -> Any:
        calls.append(getattr(self.func, "__qualname__", str(self.func)))
        return change(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    browser.get("/api/health")

    own = ("Session", "Common", "Security", "Csrf")
    assert not [name for name in calls if any(word in name for word in own)]
    assert len(calls) < 8, calls
