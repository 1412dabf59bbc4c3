"""The commands of docs/howto/compare-two-runs.md, run as they are written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.conftest import PROJECT

HOWTO = PROJECT / "docs" / "howto" / "compare-two-runs.md"
COMMAND = re.compile(r"^    \$ (.+)\n((?:(?:    (?!\$).*)?\n)*)", re.MULTILINE)
CODES = [0, 0, 1, 0, 0]


def test_the_commands_print_what_is_written_under_them(tmp_path: Path) -> None:
    (tmp_path / "samples").symlink_to(PROJECT / "samples")
    written = COMMAND.findall(HOWTO.read_text())
    programs = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}

    for (command, output), code in zip(written, CODES, strict=True):
        done = subprocess.run(
            shlex.split(command),
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

        expected = re.sub("^    ", "", output, flags=re.MULTILINE).strip()
        assert done.returncode == code, command + done.stderr
        assert not expected or done.stdout.strip() == expected
