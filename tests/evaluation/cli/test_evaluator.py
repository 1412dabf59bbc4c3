"""The commands for evaluators of one's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from evaluation.config import parse_config
from evaluation.evaluators.templates import function_name
from tests.evaluation.cli.conftest import Invoke

LANGUAGES = [
    ("mine", "mine.py", sys.executable),
    ("mine.js", "mine.js", "node"),
    ("mine.ts", "mine.ts", "node"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("name", "program", "runner"), LANGUAGES)
def test_a_new_evaluator_scores_its_example(
    invoke: Invoke, folder: Path, name: str, program: str, runner: str
) -> None:
    if shutil.which(runner) is None:
        pytest.skip(f"needs {runner}")

    assert invoke("evaluator", "init", name).exit_code == 0

    example = (folder / "mine" / "example_input.json").read_text()
    done = subprocess.run(
        [runner, folder / "mine" / program],
        input=example,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    result = json.loads(done.stdout)
    assert (result["score"], result["per_invocation_scores"]) == (0.5, [1, 0])


def test_the_printed_entry_runs(invoke: Invoke, folder: Path, samples: Path) -> None:
    invoke("evaluator", "init", "my-eval")
    printed = invoke("evaluator", "config", "my-eval").stdout
    (folder / "config.yaml").write_text(printed)

    done = invoke("run", samples / "helm.json", "-c", "config.yaml", "-o", "json")

    (metric,) = json.loads(done.stdout)["traces"][0]["metrics"]
    assert (metric["metric_name"], metric["score"]) == ("my-eval", 1.0)
    assert done.exit_code == 0


def test_what_init_prints_is_where_it_wrote(invoke: Invoke, folder: Path) -> None:
    printed = invoke("evaluator", "init", "mine", "-o", "sub").stdout

    assert "path: ./sub/mine/mine.py" in printed
    assert (folder / "sub" / "mine" / "mine.py").is_file()
    assert yaml.safe_load((folder / "sub/mine/evaluator.yaml").read_text()) == {
        "name": "mine",
        "description": "TODO: say what this evaluator scores",
        "language": "python",
        "entrypoint": "mine.py",
        "tags": [],
        "author": "",
    }


def test_init_does_not_write_over_work(invoke: Invoke, folder: Path) -> None:
    invoke("evaluator", "init", "mine")
    (folder / "mine" / "mine.py").write_text("my work")

    refused = invoke("evaluator", "init", "mine")

    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert (folder / "mine" / "mine.py").read_text() == "my work"
    assert invoke("evaluator", "init", "mine", "--force").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("mine", "-r", "ruby"), "Unknown runtime 'ruby'. Supported: ['javascript', "),
        (("mine.rb",), "Unknown extension '.rb'"),
        (("my eval",), "is no name"),
        (("-r", "py", "."), "is no name"),
    ],
)
def test_init_says_what_it_cannot_write(
    invoke: Invoke, arguments: tuple[str, ...], reason: str
) -> None:
    done = invoke("evaluator", "init", *arguments)

    assert done.exit_code == 2
    assert reason in done.stderr


@pytest.mark.parametrize(
    ("name", "function"),
    [("mine", "mine"), ("my-eval", "my_eval"), ("2nd", "_2nd"), ("class", "_class")],
)
def test_every_name_gives_a_function(name: str, function: str) -> None:
    assert function_name(name) == function


def test_the_runtimes_are_told(invoke: Invoke) -> None:
    printed = invoke("evaluator", "runtimes").stdout

    assert "  Python        extensions: .py " in printed
    assert "  Node.js       extensions: .js, .ts " in printed
    assert "Executors:\n\n  local\n" in printed


def test_metrics_and_local_evaluators_are_listed(invoke: Invoke, folder: Path) -> None:
    invoke("evaluator", "init", "mine")
    (folder / "broken").mkdir()
    (folder / "broken" / "evaluator.yaml").write_text("[")

    everything = invoke("evaluator", "list").stdout
    local = invoke("evaluator", "list", "--source", "local").stdout

    assert "tool_trajectory_avg_score" in everything
    assert "  mine  local   TODO: say what this evaluator scores [python]\n" in local
    assert local.endswith("\n  1 evaluator(s) found.\n")
    assert "\r" not in everything


def test_nothing_to_list_is_said(invoke: Invoke) -> None:
    done = invoke("evaluator", "list", "-s", "local", "--refresh")

    assert (done.exit_code, done.stdout) == (0, "No evaluators found.\n")


def test_the_remote_index_is_not_read(invoke: Invoke) -> None:
    done = invoke("evaluator", "list", "--source", "github")

    assert (done.exit_code, done.stdout) == (0, "No evaluators found.\n")
    assert "remote" in done.stderr


def test_descriptions_are_cut_to_the_terminal(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "90")

    lines = invoke("evaluator", "list").stdout.splitlines()

    assert max(map(len, lines)) <= 90
    assert any(line.endswith("...") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "entry"),
    [
        (
            ("response_match_score",),
            {"name": "response_match_score", "type": "builtin", "threshold": 0.5},
        ),
        (
            ("final_response_match_v2", "-t", "0.8"),
            {
                "name": "final_response_match_v2",
                "type": "builtin",
                "threshold": 0.8,
                "judge_model": "gemini-2.5-flash",
            },
        ),
        (("tool_call_count_v1",), {"name": "tool_call_count_v1", "type": "builtin"}),
        (
            ("yes", "-p", "a b.py"),
            {
                "name": "yes",
                "type": "code",
                "path": "a b.py",
                "threshold": 0.5,
                "executor": "local",
                "protocol": "1.1",
            },
        ),
    ],
)
def test_an_entry_is_printed_as_it_is_read(
    invoke: Invoke, arguments: tuple[str, ...], entry: dict[str, object]
) -> None:
    document = yaml.safe_load(invoke("evaluator", "config", *arguments).stdout)

    assert document == {"evaluators": [entry]}
    assert parse_config(document).evaluators[0].name == arguments[0]


def test_what_a_metric_needs_is_noted(invoke: Invoke) -> None:
    printed = invoke("evaluator", "config", "final_response_match_v2").stdout

    assert "#   - Requires --eval-set" in printed
    assert "#   - Requires the key of a judge model" in printed
