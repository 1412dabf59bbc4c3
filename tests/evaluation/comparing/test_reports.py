from __future__ import annotations

import json

import pytest

from evaluation.comparing import Comparison, compare
from evaluation.comparing.rendering import to_api, to_document
from evaluation.comparing.reports import FORMATS, report
from tests.evaluation.comparing.building import TRAJECTORY, side, unit


@pytest.fixture
def comparison() -> Comparison:
    """Return a comparison with one change of every kind."""
    base = [
        unit("lost"),
        unit("gained", "failed"),
        unit("kept"),
        unit("broken", "errored"),
        unit("gone | away"),
    ]
    run = [
        unit("lost", "failed"),
        unit("gained"),
        unit("kept"),
        unit("broken", "errored"),
        unit("", trace_id="0af7651916cd43dd8448eb211c80319c"),
    ]
    return compare(side(*base, label="main.json"), side(*run, label="pr.json"))


def test_the_table_tells_every_change_and_the_verdict(comparison: Comparison) -> None:
    text = report(comparison, "table")

    lines = text.splitlines()
    assert lines[:2] == ["Base: main.json", "Run:  pr.json"]
    assert (
        f"  regressed: case 'lost' {TRAJECTORY}: passed 1.0000 -> failed 0.0000 (-1.0000)"
        in lines
    )
    assert f"  errored: case 'broken' {TRAJECTORY}: errored -> errored" in lines
    assert (
        f"  missing in run: case 'gone | away' {TRAJECTORY}: passed 1.0000 -> missing"
        in lines
    )
    assert (
        f"  missing in base: trace 0af7651916cd {TRAJECTORY}: missing -> passed 1.0000"
        in lines
    )
    assert lines[-1].startswith(
        f"Verdict: regressed: {TRAJECTORY}: 1 of 4 lost the pass"
    )


def test_the_markdown_escapes_what_is_not_its_own(comparison: Comparison) -> None:
    text = report(comparison, "markdown")

    assert "case 'gone \\| away'" in text
    assert "❌ **regressed: tool\\_trajectory" in text
    assert "<details><summary>What changed (5)</summary>" in text


def test_the_json_has_a_row_for_each_pair(comparison: Comparison) -> None:
    document = json.loads(report(comparison, "json"))

    assert document == to_document(comparison)
    assert document["pairs"][0] == {
        "evaluator": TRAJECTORY,
        "change": "regressed",
        "paired_by": "case",
        "case_id": "lost",
        "base_trace_id": "trace of lost",
        "run_trace_id": "trace of lost",
        "base_status": "passed",
        "run_status": "failed",
        "base_score": 1.0,
        "run_score": 0.0,
        "score_delta": -1.0,
    }
    assert document["counts"] == {
        "improved": 1,
        "regressed": 1,
        "same": 1,
        "errored": 1,
        "missing_in_base": 1,
        "missing_in_run": 1,
    }


def test_the_api_has_the_same_document_in_camel_case(comparison: Comparison) -> None:
    document = to_api(comparison)

    assert document["pairs"][0]["scoreDelta"] == -1.0
    assert document["evaluators"][0]["lostPasses"] == 1
    assert document["overall"]["pValue"] == 1.0
    assert document["counts"]["missingInRun"] == 1


@pytest.mark.parametrize("output", FORMATS)
def test_nothing_compared_with_nothing_is_a_report_too(output: str) -> None:
    text = report(compare(side(), side()), output)

    assert "nothing stands on both sides" in text
    assert text.endswith("\n")
