from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.judging.model import Target
from evaluation.judging.providers import Directory, ProviderError, same_place

KEYS = {
    "OPENAI_API_KEY": "sk-openai",
    "GEMINI_API_KEY": "sk-gemini",
    "ANTHROPIC_API_KEY": "sk-anthropic",
    "TEAM_KEY": "sk-team",
}
TEAM = "https://llm.team.example/v1"
SERVER = Directory(environment=KEYS, grants={"TEAM_KEY": TEAM})


@pytest.mark.parametrize(
    ("model", "host", "name", "key"),
    [
        ("gpt-5-mini", "api.openai.com", "gpt-5-mini", "sk-openai"),
        ("o3-mini", "api.openai.com", "o3-mini", "sk-openai"),
        ("openai/judge", "api.openai.com", "judge", "sk-openai"),
        (None, "generativelanguage.googleapis.com", "gemini-2.5-flash", "sk-gemini"),
        ("claude-x", "api.anthropic.com", "claude-x", "sk-anthropic"),
        ("ollama/qwen3:8b", "localhost", "qwen3:8b", None),
        ("openrouter/a/b", "openrouter.ai", "a/b", None),
    ],
)
def test_a_model_is_found_with_its_provider_and_key(
    model: str | None, host: str, name: str, key: str | None
) -> None:
    if model and model.startswith("openrouter/"):
        with pytest.raises(ProviderError, match="OPENROUTER_API_KEY"):
            SERVER.endpoint(Target(model=model))
        return
    endpoint = SERVER.endpoint(Target(model=model))

    assert host in endpoint.base_url
    assert (endpoint.model, endpoint.key) == (name, key)


def test_google_has_two_names_for_its_key_and_the_first_wins() -> None:
    both = Directory(environment={"GEMINI_API_KEY": "b", "GOOGLE_API_KEY": "a"})

    assert both.endpoint(Target(model="gemini-x")).key == "a"


@pytest.mark.parametrize("model", [None, "gpt-5", "claude-x", "openai/x", "whatever"])
@given(
    base_url=st.sampled_from(
        [
            "https://evil.example/v1",
            "https://api.openai.com.evil.example/v1",
            "https://api.openai.com@evil.example/v1",
            "http://api.openai.com/v1",
            "https://api.openai.com:444/v1",
            "https://llm.team.example/v1",
        ]
    )
)
def test_an_address_of_an_entry_gets_no_key(model: str | None, base_url: str) -> None:
    endpoint = SERVER.endpoint(Target(model=model, base_url=base_url))

    assert endpoint.key is None
    assert endpoint.is_foreign


@pytest.mark.parametrize(
    "base_url",
    [
        "https://evil.example/v1",
        "https://llm.team.example.evil.example/v1",
        "https://llm.team.example:8443/v1",
        "http://llm.team.example/v1",
        "https://llm.team.example/v1/../other",
        "https://llm.team.example/v1%2e%2e",
        "https://llm.team.example/v12",
        "https://llm.team.example/",
    ],
)
def test_a_granted_key_goes_nowhere_else(base_url: str) -> None:
    with pytest.raises(ProviderError, match="may only be sent to") as error:
        SERVER.endpoint(Target(base_url=base_url, credential="TEAM_KEY"))

    assert error.value.kind == "refused"
    assert "sk-team" not in str(error.value)


@pytest.mark.parametrize("base_url", [None, TEAM, f"{TEAM}/", f"{TEAM}/deployments/x"])
def test_a_granted_key_goes_where_it_belongs(base_url: str | None) -> None:
    target = Target(model="any", base_url=base_url, credential="TEAM_KEY")

    endpoint = SERVER.endpoint(target)

    assert endpoint.key == "sk-team"
    assert same_place(endpoint.base_url, TEAM)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "PATH", "DATABASE_URL", ""])
def test_a_name_that_was_not_granted_is_refused(name: str) -> None:
    target = Target(model="gpt-5", base_url="https://evil.example/v1", credential=name)

    if not name:  # as if nothing had been said
        assert SERVER.endpoint(target).key is None
        return
    with pytest.raises(ProviderError, match="no key that may be used here"):
        SERVER.endpoint(target)


def test_the_key_of_the_operators_judge_is_for_that_judge() -> None:
    directory = Directory(
        environment={
            **KEYS,
            "AGENTEVALS_JUDGE_BASE_URL": "http://10.0.0.5:8000/v1",
            "AGENTEVALS_JUDGE_API_KEY": "sk-own",
        }
    )

    own = directory.endpoint(Target(model="gpt-5"))
    other = directory.endpoint(Target(model="x", base_url="http://10.0.0.5:9000/v1"))

    assert (own.base_url, own.key, own.is_foreign) == (
        "http://10.0.0.5:8000/v1",
        "sk-own",
        False,
    )
    assert (other.key, other.is_foreign) == (None, True)


def test_a_local_server_that_nobody_mentioned_is_guarded() -> None:
    assert SERVER.endpoint(Target(model="ollama/x")).is_foreign
    known = Directory(environment={"OLLAMA_BASE_URL": "http://gpu:11434/v1"})
    assert not known.endpoint(Target(model="ollama/x")).is_foreign


def test_a_provider_without_a_model_is_no_model() -> None:
    with pytest.raises(ProviderError, match="no model of it") as error:
        SERVER.endpoint(Target(model="openai/"))

    assert error.value.kind == "unknown_model"
