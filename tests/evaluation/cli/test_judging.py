"""``agentevals run`` with a judge, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.evaluation.cli.conftest import Command
from tests.evaluation.judging.server import Break, JudgeServer, completion, refusal

VALID = '{"reasoning": "r", "is_the_agent_response_valid": "valid"}'
INVALID = VALID.replace('"valid"', '"invalid"')
KEYS = {"OPENAI_API_KEY": "", "GOOGLE_API_KEY": "", "GEMINI_API_KEY": ""}


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    server = JudgeServer()
    yield server
    server.close()


@pytest.fixture
def judge(
    command: Command, server: JudgeServer, samples: Path, tmp_path: Path
) -> Command:
    """Return a function that runs the command with the server as its judge."""

    def run(*arguments: object, **environment: str) -> object:
        said = {
            **KEYS,
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": server.base_url,
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
        }
        return command(
            "run",
            samples / "helm.json",
            *("-e", samples / "eval_set_helm.json", "-o", "json"),
            *("-m", "final_response_match_v2", "-j", "openai/judge"),
            *arguments,
            **said | environment,
        )

    return run  # type: ignore[return-value]  # the same shape, fewer arguments


def result_of(done: object) -> dict[str, object]:
    found = json.loads(done.stdout)["traces"][0]["metrics"][0]  # type: ignore[attr-defined]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("reply", "code", "status"), [(VALID, 0, "PASSED"), (INVALID, 1, "FAILED")]
)
def test_the_judge_decides(
    judge: Command, server: JudgeServer, reply: str, code: int, status: str
) -> None:
    server.replies = [reply]

    done = judge()

    assert done.returncode == code, done.stderr
    assert result_of(done)["eval_status"] == status
    assert server.count == 3


def test_asked_again_the_answers_cost_nothing(
    judge: Command, server: JudgeServer
) -> None:
    server.replies = [VALID]

    judge()
    again = judge()

    assert result_of(again)["score"] == 1.0
    assert server.count == 3


def test_without_the_cache_the_judge_is_asked_again(
    judge: Command, server: JudgeServer, tmp_path: Path
) -> None:
    server.replies = [VALID]

    judge("--no-judge-cache")
    judge("--judge-cache", tmp_path / "mine")

    assert server.count == 6
    assert len(list((tmp_path / "mine").rglob("*.json"))) == 3
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (refusal(401, "wrong key"), "wrong key"),
        (refusal(400, "too long"), "too long"),
        (Break(body=b"<html>"), "not JSON"),
        (Break(body=completion("")), "empty"),
        ("I cannot say", "I cannot say"),
    ],
)
def test_a_broken_judge_never_passes_and_is_never_silent(
    judge: Command, server: JudgeServer, reply: Break | str, says: str
) -> None:
    server.replies = [reply]

    done = judge()

    found = result_of(done)
    assert done.returncode == 3
    assert found["eval_status"] == "NOT_EVALUATED"
    assert says in str(found["error"])


def test_a_missing_key_is_an_error_that_names_the_variable(
    judge: Command, server: JudgeServer
) -> None:
    done = judge(OPENAI_API_KEY="", OPENAI_BASE_URL="")

    assert done.returncode == 3
    assert "OPENAI_API_KEY" in str(result_of(done)["error"])
    assert server.count == 0


def test_one_trace_is_judged_after_the_other(
    judge: Command, server: JudgeServer, samples: Path
) -> None:
    server.replies = lambda body: (
        "<sentence>It is so.</sentence>"
        if "<text>" in body["messages"][0]["content"]
        else json.dumps({"sentences": [{"label": "supported"}]})
    )

    done = judge(samples / "k8s.json", "-m", "hallucinations_v1")

    metrics = [trace["metrics"][1] for trace in json.loads(done.stdout)["traces"]]
    assert [metric["score"] for metric in metrics] == [1.0, 1.0]
    prompts = [body["messages"][0]["content"] for body in server.bodies]
    splits = ["<text>" in text for text in prompts if "<sentence>" in text]
    assert splits == [True, False, True, False]
