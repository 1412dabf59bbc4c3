"""``agentevals compare`` with files: as CI calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from agentevals_site.cli.compare import FAIL_ON, compare
from evaluation.comparing.model import RULES

Write = Callable[..., Path]


def agentevals_compare(*arguments: object) -> Result:
    return CliRunner().invoke(compare, [str(word) for word in arguments])


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a writer of files of results: the status of each case, by its name."""

    def results(name: str, score: float | None = None, **cases: str) -> Path:
        traces = [
            {
                "trace_id": f"{name} {case}",
                "eval_case_id": case,
                "metrics": [_metric(status, score)],
            }
            for case, status in cases.items()
        ]
        path = tmp_path / name
        path.write_text(json.dumps({"traces": traces, "errors": []}))
        return path

    return results


def _metric(status: str, score: float | None) -> dict[str, Any]:
    error = "broken" if status == "NOT_EVALUATED" else None
    return {"metric_name": "m", "eval_status": status, "score": score, "error": error}


@pytest.mark.parametrize(
    ("base", "run", "code"),
    [
        ("PASSED", "PASSED", 0),
        ("FAILED", "FAILED", 0),
        ("FAILED", "PASSED", 0),
        ("PASSED", "FAILED", 1),
        ("PASSED", "NOT_EVALUATED", 1),
    ],
)
def test_the_exit_code_says_whether_the_run_is_worse(
    write: Write, base: str, run: str, code: int
) -> None:
    done = agentevals_compare(write("base", a=base), write("run", a=run))

    assert done.exit_code == code, done.output


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [("lost-pass", 1), ("any-regression", 1), ("significant", 0), ("never", 0)],
)
def test_what_counts_as_worse_can_be_chosen(
    write: Write, fail_on: str, code: int
) -> None:
    base, run = write("base", a="PASSED"), write("run", a="FAILED")

    done = agentevals_compare(base, run, "--fail-on", fail_on)

    assert done.exit_code == code
    assert "regressed: case 'a' m: passed -> failed" in done.output


def test_a_pass_that_is_not_there_any_more_is_not_waved_through(write: Write) -> None:
    base, run = write("base", a="PASSED", b="PASSED"), write("run", a="PASSED")

    done = agentevals_compare(base, run)
    allowed = agentevals_compare(base, run, "--allow-missing")

    assert done.exit_code == 3
    assert "Passed in base and missing in run: 1; --allow-missing" in done.stderr
    assert allowed.exit_code == 0


def test_two_sides_with_nothing_in_common_are_not_compared(write: Write) -> None:
    done = agentevals_compare(
        write("base", a="PASSED"), write("run", b="PASSED"), "--allow-missing"
    )

    assert done.exit_code == 3
    assert "Nothing could be compared" in done.stderr


def test_a_file_that_holds_no_results_cannot_be_compared(
    write: Write, tmp_path: Path
) -> None:
    (tmp_path / "other").write_text("{}")

    done = agentevals_compare(write("base", a="PASSED"), tmp_path / "other")

    assert done.exit_code == 3
    assert "traces: is required but missing" in done.stderr


def test_what_is_neither_a_file_nor_a_run_is_wrong_usage(write: Write) -> None:
    done = agentevals_compare(write("base", a="PASSED"), "nowhere.json")

    assert done.exit_code == 2
    assert "'nowhere.json' is neither a file nor a run id" in done.stderr


def test_the_report_can_go_to_a_file(write: Write, tmp_path: Path) -> None:
    base, run = write("base", a="PASSED"), write("run", a="FAILED")

    done = agentevals_compare(
        base, run, "-o", "json", "--output-file", tmp_path / "report.json"
    )

    assert (done.exit_code, done.stdout) == (1, "")
    document = json.loads((tmp_path / "report.json").read_text())
    assert document["verdict"] == "regressed"


def test_every_rule_can_be_asked_for() -> None:
    assert (*RULES, "never") == FAIL_ON
