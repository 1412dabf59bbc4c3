"""What the service tells of itself."""

from __future__ import annotations

import pytest
from django.test import Client

from agentevals_site.views import present_keys

NONE = {"google": False, "anthropic": False, "openai": False}


def test_the_configuration_names_providers_and_no_otlp_receiver(client: Client) -> None:
    data = client.get("/api/config").json()["data"]

    assert list(data) == ["apiKeys", "otlp"]
    assert list(data["apiKeys"]) == list(NONE)
    assert data["otlp"] is None


@pytest.mark.parametrize(
    ("variable", "provider"),
    [
        ("GOOGLE_API_KEY", "google"),
        ("GEMINI_API_KEY", "google"),
        ("ANTHROPIC_API_KEY", "anthropic"),
        ("OPENAI_API_KEY", "openai"),
    ],
)
def test_a_key_is_told_by_its_provider(variable: str, provider: str) -> None:
    assert present_keys({variable: "sk-hush"}) == {**NONE, provider: True}
    assert present_keys({variable: ""}) == NONE


def test_a_key_never_leaks(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hush")

    response = client.get("/api/config")

    assert response.json()["data"]["apiKeys"]["openai"] is True
    assert "hush" not in response.content.decode()


def test_metrics_are_described_in_the_contracts_words(client: Client) -> None:
    data = client.get("/api/metrics").json()["data"]

    assert data[0]["name"] == "tool_trajectory_avg_score"
    assert {"requiresLLM", "requiresGCP"} <= set(data[0])
    assert "requiresLlm" not in data[0]
