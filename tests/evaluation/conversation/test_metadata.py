from __future__ import annotations

import pytest

from evaluation.conversation.model import Metadata
from tests.evaluation.conversation.spans import (
    START_NS,
    adk_agent,
    agent,
    asked_in_adk,
    call_llm,
    chat,
    conversation_of,
    said,
    span,
    user,
)


def test_metadata_describes_the_first_turn() -> None:
    attributes = {
        "gen_ai.provider.name": "openai",
        "gen_ai.response.model": "gpt-4o-2024",
    }

    found = conversation_of(
        agent("r1", attributes={"gen_ai.agent.id": "agent-1"}),
        chat("l1", "r1", [user("first")], [said("one")], attributes=attributes),
        agent("r2", at=500),
        chat("l2", "r2", [user("second")], [said("two")], at=510),
    ).metadata

    assert found == Metadata(
        agent_name="planner",
        agent_id="agent-1",
        model="gpt-4o",
        response_model="gpt-4o-2024",
        provider="openai",
        start_time=START_NS // 1000,
        user_input_preview="first",
        final_output_preview="one",
    )


def test_without_an_agent_the_first_root_gives_the_name() -> None:
    found = conversation_of(span("a", name="GET /")).metadata

    assert found == Metadata(agent_name="GET /")


def test_a_model_call_alone_may_name_its_agent() -> None:
    attributes = {"gen_ai.agent.name": "planner", "gen_ai.agent.id": "agent-1"}

    found = conversation_of(
        chat("l", None, [user("q")], [said("a")], attributes=attributes)
    ).metadata

    assert (found.agent_name, found.agent_id) == ("planner", "agent-1")


def test_an_empty_trace_has_no_metadata() -> None:
    assert conversation_of().metadata == Metadata()


@pytest.mark.parametrize(
    ("length", "expected"),
    [(200, "x" * 200), (201, "x" * 200 + "...")],
    ids=["fits", "cut"],
)
def test_previews_are_cut_at_200_characters(length: int, expected: str) -> None:
    found = conversation_of(chat("l", None, [user("x" * length)], [said("a")])).metadata

    assert found.user_input_preview == expected


def test_a_provider_on_any_span_is_better_than_none() -> None:
    found = conversation_of(
        agent("r"),
        chat("l", "r", [user("q")], [said("a")]),
        span("z", "r", {"gen_ai.system": "late-provider"}, at=50),
    ).metadata

    assert found.provider == "late-provider"


def test_who_serves_the_model_is_better_than_the_framework() -> None:
    found = conversation_of(
        adk_agent("i"),
        call_llm(
            "l",
            "i",
            asked_in_adk("q"),
            [{"text": "a"}],
            attributes={"gen_ai.system": "gcp.vertex.agent"},
        ),
        span("g", "l", {"gen_ai.system": "gemini", "gen_ai.request.model": "g"}),
    ).metadata

    assert (found.provider, found.model) == ("gemini", "gemini")


def test_previews_of_a_turn_that_could_not_be_read_show_what_is_there() -> None:
    found = conversation_of(chat("l", None, output=[said("unprompted")])).metadata

    assert found.user_input_preview is None
    assert found.final_output_preview == "unprompted"
