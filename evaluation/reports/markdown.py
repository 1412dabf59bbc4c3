"""The ``markdown`` output: a comment for a pull request or a CI job summary."""

from __future__ import annotations

from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.reports.explaining import reasons, totals
from evaluation.reports.wording import (
    calls,
    duration,
    mismatches,
    score,
    trace_title,
)

MARKS = {"passed": "✅", "failed": "❌", "errored": "⚠️", "skipped": "⚪"}
HEADINGS = ("", "Metric", "Score", "Status", "Per invocation", "Time", "Why")


def report(result: RunResult, width: int | None = None) -> str:
    """Write a run as GitHub-flavoured Markdown; ``width`` does not matter."""
    del width
    lines = ["## Agent evaluation", "", f"**{totals(result)}**", ""]
    if result.errors:
        lines += ["### Errors", ""]
        lines += [f"- {escaped(error)}" for error in result.errors]
        lines.append("")
    for trace in result.trace_results:
        lines += _trace_lines(trace)
    return "\n".join(lines).rstrip("\n") + "\n"


def _trace_lines(trace: TraceResult) -> list[str]:
    count = trace.num_invocations
    noun = "invocation" if count == 1 else "invocations"
    lines = [
        f"### Trace {code(trace_title(trace))} ({count} {noun})",
        "",
        *(f"> {escaped(warning)}" for warning in trace.conversion_warnings),
        *([""] if trace.conversion_warnings else []),
        table_row(HEADINGS),
        table_row(["---"] * len(HEADINGS)),
        *(table_row(_cells(metric, trace)) for metric in trace.metric_results),
        "",
    ]
    for metric in trace.metric_results:
        lines += _mismatches(metric)
    return lines


def _cells(metric: MetricResult, trace: TraceResult) -> list[str]:
    why = "; ".join(([metric.error] if metric.error else []) + reasons(metric, trace))
    return [
        MARKS[metric.status],
        code(metric.metric_name),
        score(metric.score),
        metric.eval_status,
        ", ".join(score(value) for value in metric.per_invocation_scores),
        duration(metric.duration_ms),
        escaped(why),
    ]


def _mismatches(metric: MetricResult) -> list[str]:
    turns = mismatches(metric) if metric.eval_status == "FAILED" else []
    if not turns:
        return []
    lines = ["<details><summary>Tool calls that differ</summary>", "", "```diff"]
    for number, turn in turns:
        lines.append(f"@@ invocation {number} @@")
        for sign, side in (("-", "expected"), ("+", "actual")):
            texts = (call.removeprefix("- ") for call in calls(turn.get(side)))
            lines += [f"{sign} {text}" for text in texts]
    return [*lines, "```", "", "</details>", ""]


def table_row(cells: list[str] | tuple[str, ...]) -> str:
    """Write a row of a table; the cells are Markdown already."""
    return "| " + " | ".join(cells) + " |"


def escaped(text: str) -> str:
    """Take from a text what Markdown or HTML would read as more than text."""
    for character, written in (
        ("\\", "\\\\"), ("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"),
        ("`", "\\`"), ("*", "\\*"), ("_", "\\_"), ("[", "\\["),
    ):  # fmt: skip
        text = text.replace(character, written)
    return "<br>".join(text.splitlines())


def code(text: str) -> str:
    """Write a name as code, also within a table."""
    line = " ".join(text.splitlines())
    if "\\" in line:
        return escaped(line)  # in code, nothing can keep it from escaping what follows
    return "`" + line.replace("`", "'").replace("|", "\\|") + "`"
