"""What a start must not wait for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"asyncio", "django", "google", "http", "numpy", "opentelemetry", "rich"}
HEAVY |= {"httpx2", "socket", "ssl", "yaml"}
ENGINE = {"evaluation.engine", "evaluation.outcome", "msgspec"}
CODE = """\
import sys
from agentevals_site.command import main
try:
    main()
finally:
    print(*sys.modules, sep=",", file=sys.stderr)
"""


def modules_after(*arguments: object, code: int = 0) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return set(done.stderr.strip().splitlines()[-1].split(","))


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("evaluator", "--help")]
)
def test_help_imports_neither_the_engine_nor_anything_heavy(
    arguments: tuple[str, ...],
) -> None:
    allowed = {"socket"} if arguments == ("--version",) else set()

    assert not modules_after(*arguments) & (HEAVY - allowed | ENGINE)


def test_the_help_of_run_does_not_import_the_engine() -> None:
    assert "evaluation.engine" not in modules_after("run", "--help")


@pytest.mark.parametrize("name", ["compare", "submit"])
def test_the_help_of_what_asks_a_server_opens_nothing(name: str) -> None:
    modules = modules_after(name, "--help")

    assert not modules & (HEAVY | {"evaluation.engine", "httpx2"})


def test_comparing_files_needs_no_network(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text('{"traces": []}')
    path = tmp_path / "results.json"

    modules = modules_after("compare", path, path, code=3)

    assert not modules & (HEAVY | {"evaluation.engine", "httpx2"})


@pytest.mark.parametrize("command", ["list", "runtimes", "config"])
def test_no_evaluator_command_imports_the_engine(command: str) -> None:
    modules = modules_after("evaluator", command, *["x"][: command == "config"])

    assert not modules & (HEAVY | {"evaluation.engine"})


@pytest.mark.parametrize("output", ["table", "json", "summary", "junit", "markdown"])
def test_a_run_needs_nothing_heavy(samples: Path, output: str) -> None:
    modules = modules_after(
        "run",
        samples / "helm.json",
        "-e",
        samples / "eval_set_helm.json",
        "-o",
        output,
        "-m",
        "tool_trajectory_avg_score",
        "-m",
        "response_match_score",
    )

    assert "evaluation.engine" in modules
    assert not modules & HEAVY
