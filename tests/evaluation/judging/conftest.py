"""A judge to ask, and somebody who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from evaluation.cli.judging import HttpTransport
from evaluation.judging.asking import Asker
from evaluation.judging.providers import Directory
from evaluation.judging.retrying import RetryPolicy
from tests.evaluation.judging.server import JudgeServer

KEY = "sk-test-of-a-judge"
QUICK = RetryPolicy(attempts=3, base_s=0.01, cap_s=0.05, timeout_s=2.0)

MakeAsker = Callable[..., Asker]


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    """Return a judge on loopback."""
    server = JudgeServer()
    yield server
    server.close()


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    """Return the command's way to the network."""
    transport = HttpTransport()
    yield transport
    transport.close()


@pytest.fixture
def make_asker(transport: HttpTransport, server: JudgeServer) -> MakeAsker:
    """Return a maker of askers whose OpenAI is the server."""

    def make(**rest: object) -> Asker:
        said = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": KEY}
        directory = rest.pop("directory", Directory(environment=said))
        policy = rest.pop("policy", QUICK)
        return Asker(transport, directory, policy=policy, **rest)  # type: ignore[arg-type]

    return make
