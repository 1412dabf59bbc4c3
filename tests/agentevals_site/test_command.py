from __future__ import annotations

from click.testing import CliRunner

from agentevals_site.command import SITE_COMMANDS
from evaluation.cli.commands import COMMANDS
from evaluation.cli.group import make_group


def test_one_program_offers_every_command() -> None:
    group = make_group({**COMMANDS, **SITE_COMMANDS})

    result = CliRunner().invoke(group, ["--help"])

    assert result.exit_code == 0
    for name in ("list-metrics", "migrate", "run", "serve"):
        assert f"\n  {name} " in result.output
