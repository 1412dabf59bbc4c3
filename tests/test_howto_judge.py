"""``docs/howto/judge-with-a-local-model.md``, as it is written."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT
from tests.evaluation.judging.server import JudgeServer

TEXT = (PROJECT / "docs/howto/judge-with-a-local-model.md").read_text()
LOCAL = "http://localhost:11434/v1"
SAYS = {
    "is_the_agent_response_valid": '{"is_the_agent_response_valid": "valid"}',
    "<sentence>": "<sentence>All is well.</sentence>",
    "not_applicable": '{"sentences": [{"sentence": "s", "label": "supported"}]}',
    "free of blame": 'Hm.\n```json\n{"verdict": "pass"}\n```',
}


def says(body: Any) -> str:
    """Answer as a model that is pleased with everything."""
    prompt = body["messages"][0]["content"]
    return [said for key, said in SAYS.items() if key in prompt][-1]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    server = JudgeServer()
    server.replies = says
    yield server
    server.close()


def test_the_commands_do_what_the_page_says(
    server: JudgeServer, tmp_path: Path
) -> None:
    (tmp_path / "samples").symlink_to(PROJECT / "samples")
    (yaml,) = blocks("yaml")
    (tmp_path / "judge.yaml").write_text(yaml.replace(LOCAL, server.base_url))
    first, second = (block.strip() for block in blocks("sh"))
    counts = [0]

    for line in (first, second, second, f"{second} --no-judge-cache"):
        program, *arguments = shlex.split(line)
        assert program == "agentevals"
        done = subprocess.run(
            [sys.executable, "-m", "evaluation", *arguments],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(PROJECT),
                "OLLAMA_BASE_URL": server.base_url,
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        counts.append(server.count)

    asked = [after - before for before, after in itertools.pairwise(counts)]
    assert asked[0] == 3
    assert asked[1] > 0
    assert asked[2] == 0
    assert asked[3] > asked[1]
    assert {body["model"] for body in server.bodies} == {"qwen3:8b"}
