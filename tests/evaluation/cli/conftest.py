"""Running the command, in this process and in one of its own."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from evaluation.cli.commands import COMMANDS
from evaluation.cli.group import make_group

Command = Callable[..., subprocess.CompletedProcess[str]]
Invoke = Callable[..., Result]


@pytest.fixture
def command() -> Command:
    """Return a function that runs ``python -m evaluation`` with these arguments."""

    def run(
        *arguments: object, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "evaluation", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environment},
        )

    return run


@pytest.fixture
def invoke() -> Iterator[Invoke]:
    """Return a function that runs the command in this process, which is faster."""

    def run(*arguments: object, stdin: str | bytes = "") -> Result:
        group = make_group(COMMANDS)
        return CliRunner().invoke(group, [str(word) for word in arguments], stdin)

    thresholds = gc.get_threshold()
    yield run
    gc.set_threshold(*thresholds)  # the command sets it for a process that ends soon
    gc.unfreeze()
