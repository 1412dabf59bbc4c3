"""The demonstration, whole."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from agentevals_site.development.demo import demo, table


def test_demo_scores_the_sample_and_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTEVALS_STORAGE_BACKEND", "nonsense")

    shown = CliRunner().invoke(demo)

    assert shown.exit_code == 0, shown.output
    assert "succeeded" in shown.output
    assert "tool_trajectory_avg_score  passed" in shown.output


def test_table_says_nothing_where_nothing_was_measured() -> None:
    result = {
        "evaluatorName": "a",
        "status": "errored",
        "score": None,
        "errorText": "no",
    }

    assert table([result]).splitlines()[-1].split() == ["a", "errored", "no"]
