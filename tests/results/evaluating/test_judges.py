"""Judges asked for clients that wait, with storage and without."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import AsyncClient

from results.evaluating import hosts
from results.judging import make_asker
from runs.hosting import Host, Limits
from tests.evaluation.judging.server import JudgeServer, refusal
from tests.results.evaluating.asking import form, post_form

pytestmark = pytest.mark.usefixtures("memory")
VALID = '{"reasoning": "r", "is_the_agent_response_valid": "valid"}'
COMMAND = (sys.executable, "-m", "evaluation.child", str(os.getpid()))
ENTRY = {
    "name": "final_response_match_v2",
    "type": "builtin",
    "judgeModel": "openai/judge",
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    """Return a judge that this server knows as its OpenAI."""
    server = JudgeServer()
    server.replies = [VALID]
    monkeypatch.setitem(settings.JUDGE_ENVIRONMENT, "OPENAI_BASE_URL", server.base_url)
    monkeypatch.setitem(settings.JUDGE_ENVIRONMENT, "OPENAI_API_KEY", "sk-test")
    asker = make_asker()
    host = Host(COMMAND, Limits(slots=1), lambda: asker)
    monkeypatch.setattr(hosts, "host", host)
    yield server
    host.close()
    asker.close()
    server.close()


async def judged(client: AsyncClient, helm: bytes, golden: bytes, **config: Any) -> Any:
    """Evaluate and return the result."""
    asked = {"evaluators": [ENTRY], **config}
    response = await post_form(
        client, form(("helm.json", helm), config=asked, golden=golden)
    )
    assert response.status_code == 200, response.content
    (trace,) = json.loads(response.content)["data"]["traceResults"]
    return trace["metricResults"][0]


async def test_a_client_that_waits_is_told_the_verdict_and_its_tokens(
    async_client: AsyncClient, server: JudgeServer, helm: bytes, golden: bytes
) -> None:
    result = await judged(async_client, helm, golden)

    assert (result["score"], result["evalStatus"]) == (1.0, "PASSED")
    assert result["tokensUsed"]["calls"] == server.count == 3
    assert server.headers[0]["Authorization"] == "Bearer sk-test"


async def test_a_refused_key_is_an_error(
    async_client: AsyncClient, server: JudgeServer, helm: bytes, golden: bytes
) -> None:
    server.replies = [refusal(401, "wrong key")]

    result = await judged(async_client, helm, golden)

    assert (result["score"], result["errorCode"]) == (None, "judge_refused_key")


async def test_a_budget_holds(
    async_client: AsyncClient, server: JudgeServer, helm: bytes, golden: bytes
) -> None:
    result = await judged(async_client, helm, golden, maxJudgeCalls=1)

    assert (result["errorCode"], server.count) == ("budget_exceeded", 1)
