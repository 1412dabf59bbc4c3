"""Judges that real workers ask for evaluators that have neither a network nor keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from results.models import JudgeAnswer
from runs import queue
from runs.models import Run
from runs.wakeups import announce_work
from tests.evaluation.judging.server import Break, JudgeServer, completion, refusal
from tests.runs.building import make_run
from tests.worker.conftest import Starter
from tests.worker.supervising import has_status, wait_until

pytestmark = [pytest.mark.durable, pytest.mark.django_db(transaction=True)]
VALID = '{"reasoning": "r", "is_the_agent_response_valid": "valid"}'
METRIC = "final_response_match_v2"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JudgeServer]:
    """Return a judge that the workers know as their OpenAI."""
    server = JudgeServer()
    server.replies = [VALID]
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-server")
    yield server
    server.close()


def submit(samples: Path, **config: Any) -> Run:
    """Queue the evaluation of a sample by a judge."""
    entry = {"name": METRIC, "type": "builtin", "judge_model": "openai/judge"}
    entry |= config.pop("entry", {})
    inline = json.loads((samples / "helm.json").read_text())
    return make_run(
        spec={
            "target": {"kind": "inline", "inline": inline},
            "evalSet": json.loads((samples / "eval_set_helm.json").read_text()),
            "evalConfig": {"evaluators": [entry], **config},
        }
    )


def ended(run: Run) -> Any:
    """Wait for the run and return its result."""
    wait_until(has_status(run, "succeeded"), "the run succeeded")
    return run.results.get()


def test_a_run_is_judged_and_tells_its_tokens(
    start: Starter, server: JudgeServer, samples: Path
) -> None:
    run = submit(samples)
    start("real")

    result = ended(run)

    assert (result.status, result.score) == ("passed", 1.0)
    assert result.tokens_used["calls"] == 3
    assert result.tokens_used["total"] == 36
    assert result.explanation["judge"]["model"] == "judge-1"
    assert server.headers[0]["Authorization"] == "Bearer sk-of-the-server"


def test_the_same_run_again_asks_nobody(
    start: Starter, server: JudgeServer, samples: Path
) -> None:
    first = submit(samples)
    start("real")
    ended(first)

    result = ended(submit(samples))

    assert server.count == JudgeAnswer.objects.count() == 3
    assert (result.score, result.tokens_used["cached"]) == (1.0, 3)
    assert result.tokens_used["total"] == 0


def test_a_cancel_does_not_wait_for_a_slow_judge(
    start: Starter, server: JudgeServer, samples: Path
) -> None:
    server.replies = [Break(body=completion(VALID), pause_s=60)]
    run = submit(samples)
    start("real")
    assert server.arrived.wait(30)

    queue.cancel(run.pk)
    announce_work()

    wait_until(has_status(run, "cancelled"), "the run was cancelled")
    assert not server.closing.is_set()


def test_a_run_keeps_to_its_budget(
    start: Starter, server: JudgeServer, samples: Path
) -> None:
    run = submit(samples, maxJudgeCalls=2)
    start("real")

    result = ended(run)

    assert (result.status, result.error_code) == ("errored", "budget_exceeded")
    assert server.count == 2


def test_a_refused_key_is_an_error_and_no_pass(
    start: Starter, server: JudgeServer, samples: Path
) -> None:
    server.replies = [refusal(401, "wrong key")]
    run = submit(samples)
    start("real")

    result = ended(run)

    assert (result.status, result.error_code) == ("errored", "judge_refused_key")
    assert "wrong key" in result.error_text
    assert "sk-of-the-server" not in str(result.explanation) + result.error_text


def test_a_pause_that_one_run_is_told_holds_for_all_of_the_worker(
    start: Starter, server: JudgeServer, samples: Path
) -> None:
    told = iter([refusal(429, Retry_After="1"), *[VALID] * 6])
    server.replies = lambda body: next(told)
    runs = [submit(samples), submit(samples, entry={"samples": 3})]
    start("real", slots=2)

    for run in runs:
        assert ended(run).status == "passed"
    assert server.times[1] - server.times[0] >= 1


@pytest.mark.parametrize(
    "address", ["http://localhost:{port}/v1", "http://localhost/v1"]
)
def test_a_client_cannot_send_the_server_to_a_private_address(
    start: Starter, server: JudgeServer, samples: Path, address: str
) -> None:
    port = server.base_url.rpartition(":")[2].partition("/")[0]
    foreign = address.format(port=port)
    run = submit(samples, entry={"judge_base_url": foreign})
    start("real")

    result = ended(run)

    assert (result.status, result.error_code) == ("errored", "judge_not_allowed")
    assert server.count == 0


def test_an_allowed_address_gets_no_key_of_the_server(
    start: Starter,
    server: JudgeServer,
    samples: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGENTEVALS_ALLOWED_PRIVATE_HOSTS", "localhost")
    foreign = server.base_url.replace("127.0.0.1", "localhost")
    run = submit(samples, entry={"judge_base_url": foreign})
    start("real")

    assert ended(run).status == "passed"
    assert server.headers[0]["Authorization"] is None


def test_a_granted_key_goes_only_where_it_belongs(
    start: Starter,
    server: JudgeServer,
    samples: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEAM_KEY", "sk-team")
    monkeypatch.setenv("AGENTEVALS_JUDGE_KEYS", f"TEAM_KEY={server.base_url}")
    mine = submit(samples, entry={"credential_ref": "TEAM_KEY"})
    elsewhere = {"credential_ref": "TEAM_KEY", "judge_base_url": "http://example.org"}
    stolen = submit(samples, entry=elsewhere)
    unknown = submit(samples, entry={"credential_ref": "OPENAI_API_KEY"})
    start("real")

    assert ended(mine).status == "passed"
    assert server.headers[0]["Authorization"] == "Bearer sk-team"
    assert ended(stolen).error_code == "judge_not_allowed"
    assert ended(unknown).error_code == "judge_not_allowed"
    assert server.count == 3
