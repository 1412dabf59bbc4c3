from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.reports import report

UNESCAPED_PIPE = re.compile(r"(?<!\\)(?:\\\\)*\|")


def test_every_verdict_is_a_row(run_of_all: RunResult) -> None:
    rows = report(run_of_all, "markdown").splitlines()

    assert [row[:4] for row in rows if row.startswith("| ")][2:] == [
        "| ❌ ",
        "| ✅ ",
        "| ⚠️",
        "| ⚪ ",
    ]


def test_tool_calls_that_differ_are_shown_as_a_diff(run_of_all: RunResult) -> None:
    text = report(run_of_all, "markdown")

    assert '- dive({"depth": 3})\n+ dive({"depth": "3"})\n```' in text


def test_errors_cannot_break_out_of_their_cell(run_of_all: RunResult) -> None:
    text = report(run_of_all, "markdown")

    assert "&lt;bad>" in text
    assert "broke<br>Evaluator stderr:<br>&lt;\\|no &amp; none\\|>" in text


@given(st.text(), st.text())
@example("\\|", "")
def test_any_text_leaves_the_table_rectangular(name: str, error: str) -> None:
    metric = MetricResult(metric_name=name, error=error)
    trace = TraceResult(trace_id="t", metric_results=[metric])

    text = report(RunResult(trace_results=[trace]), "markdown")

    rows = [row for row in re.split("\r\n?|\n", text) if row.startswith("| ")]
    assert len(rows) == 3
    assert {len(UNESCAPED_PIPE.findall(row)) for row in rows} == {8}
