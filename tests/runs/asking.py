"""Asking the API for runs, and reading why it refuses."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client


def post(client: Client, body: bytes, content_type: str = "application/json") -> Any:
    """Submit a run."""
    return client.post("/api/runs", body, content_type=content_type)


def faults(response: Any) -> list[list[Any]]:
    """Return where the faults of a refused request are."""
    assert response.status_code == 422, response.content
    return [item["loc"] for item in response.json()["detail"]]


def post_json(client: Client, path: str, body: Any) -> Any:
    """Send JSON."""
    return client.post(path, json.dumps(body), content_type="application/json")
