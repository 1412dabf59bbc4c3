"""The evaluators of the how-to run as they are written there."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.conftest import PROJECT
from tests.evaluation.cli.conftest import Invoke

HOWTO = (PROJECT / "docs" / "howto" / "write-an-evaluator.md").read_text()


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", HOWTO, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


@pytest.mark.parametrize(
    ("language", "program"), [("python", "concise.py"), ("javascript", "concise.js")]
)
def test_the_evaluators_of_the_howto_score(
    invoke: Invoke, tmp_path: Path, samples: Path, language: str, program: str
) -> None:
    if language == "javascript" and shutil.which("node") is None:
        pytest.skip("needs Node.js")
    config = yaml.safe_load(block("yaml"))
    config["evaluators"][0]["path"] = f"./concise/{program}"
    (tmp_path / "concise").mkdir()
    (tmp_path / "concise" / program).write_text(block(language))
    (tmp_path / "eval_config.yaml").write_text(yaml.safe_dump(config))

    done = invoke(
        "run", samples / "helm.json", "-c", tmp_path / "eval_config.yaml", "-o", "json"
    )

    (metric,) = json.loads(done.stdout)["traces"][0]["metrics"]
    assert metric["error"] is None
    assert metric["per_invocation_scores"] == [metric["score"]]
    assert metric["details"]["words"][0] > 0
