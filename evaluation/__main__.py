"""``python -m evaluation``: the commands of this library alone."""

from __future__ import annotations

from evaluation.cli.commands import COMMANDS
from evaluation.cli.group import make_group, run_group

if __name__ == "__main__":
    run_group(make_group(COMMANDS))
