"""The API in a browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from agentevals_site.openapi.generator import OPERATIONS
from tests.runs.building import make_run

BROWSER = {"accept": "text/html,application/xhtml+xml"}
OFFERED = [each for each in OPERATIONS if each.is_view and each.method != "delete"]
FORM = re.compile(r'<textarea[^>]*name="_content"')


@pytest.mark.django_db
@pytest.mark.parametrize("operation", OFFERED, ids=lambda each: each.name)
def test_every_endpoint_has_an_answer_for_a_browser(
    client: Client, operation: Any
) -> None:
    path = operation.path.format(run_id=make_run().pk, position=0, name="x")

    response = getattr(client, operation.method)(path, headers=BROWSER)

    assert response.status_code != 500
    assert response.status_code != 406


@pytest.mark.django_db
def test_a_page_is_ours_and_leads_on(client: Client) -> None:
    page = client.get("/api/runs", headers=BROWSER).content.decode()

    assert "<title>Run List · agentevals</title>" in page
    assert 'href="/docs"' in page
    assert FORM.search(page)
    assert 'value="application/json"' in page


def test_no_form_is_offered_where_a_file_is_sent(client: Client) -> None:
    for path in ("/api/validate/eval-set", "/api/debug/load"):
        page = client.get(path, headers=BROWSER).content.decode()

        assert "Method Not Allowed" in page
        assert not FORM.search(page)


def test_a_page_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/health", headers=BROWSER).content.decode()

    loaded = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', page)

    assert loaded
    assert [url for url in loaded if not url.startswith("/static/")] == []
