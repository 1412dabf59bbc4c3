from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import click
import pytest
from click.testing import CliRunner

from evaluation.cli.group import BROKEN, INTERRUPTED, Entry, make_group, run_group


def stop(error: BaseException) -> Callable[[], None]:
    def callback() -> None:
        raise error

    return callback


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return an importable module for commands."""
    made = ModuleType("made_for_tests")
    monkeypatch.setitem(sys.modules, "made_for_tests", made)
    return made


def group_of(**targets: str) -> click.Group:
    return make_group(
        {name: Entry(target=target, summary=name) for name, target in targets.items()}
    )


def test_a_missing_command_does_not_break_the_help_of_the_others() -> None:
    group = group_of(there="evaluation.cli.run:run", gone="evaluation.no.such:thing")

    shown = CliRunner().invoke(group, ["--help"])
    called = CliRunner().invoke(group, ["gone"])

    assert shown.exit_code == 0
    assert "gone" in shown.output
    assert called.exit_code == 2
    assert "'gone' is not part of this installation" in called.output


def test_a_missing_dependency_of_a_command_is_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "made_broken.py").write_text("import no_such_dependency")

    result = CliRunner().invoke(group_of(broken="made_broken:command"), ["broken"])

    assert isinstance(result.exception, ModuleNotFoundError)
    assert result.exception.name == "no_such_dependency"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (click.UsageError("wrong"), 2),
        (click.Abort(), INTERRUPTED),
        (KeyboardInterrupt(), INTERRUPTED),
        (ValueError("a bug"), BROKEN),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_a_failed_metric_ends_in_one(
    module: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
) -> None:
    module.command = click.Command("stop", callback=stop(error))  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "argv", ["agentevals", "stop"])

    with pytest.raises(SystemExit) as caught:
        run_group(group_of(stop="made_for_tests:command"))

    assert caught.value.code == code


def test_a_bug_shows_its_traceback(
    module: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    module.command = click.Command("stop", callback=stop(ValueError("a bug")))  # type: ignore[attr-defined]
    monkeypatch.setattr(sys, "argv", ["agentevals", "stop"])

    with pytest.raises(SystemExit):
        run_group(group_of(stop="made_for_tests:command"))

    assert "ValueError: a bug" in capsys.readouterr().err


def test_the_version_is_that_of_the_installed_package() -> None:
    result = CliRunner().invoke(group_of(), ["--version"])

    assert result.output.startswith("agentevals, version ")


@pytest.mark.parametrize(("verbosity", "shown"), [((), 1), (("-v",), 2), (("-vv",), 3)])
def test_verbosity_decides_which_records_reach_stderr(
    verbosity: tuple[str, ...], shown: int
) -> None:
    code = (
        "import logging, sys\n"
        "from evaluation.cli.group import Entry, make_group, run_group\n"
        "import click\n"
        "@click.command()\n"
        "def talk():\n"
        "    for level in (10, 20, 30):\n"
        "        logging.getLogger('a.b').log(level, 'said %s', level)\n"
        "sys.modules['talking'] = sys.modules['__main__']\n"
        "run_group(make_group({'talk': Entry('talking:talk', 'talk')}))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, *verbosity, "talk"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == shown
    assert done.stderr.splitlines()[-1].endswith("said 30")
