"""The ``junit`` output: what CI servers show, a suite a trace and a case a metric."""

from __future__ import annotations

import re

from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.reports.explaining import reasons
from evaluation.reports.wording import calls, mismatches, trace_title

# What XML 1.0 cannot hold, not even escaped (section 2.2).
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The library's own escaping (xml.sax) imports an HTTP client.
ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
# Line ends in attributes are read back as spaces unless they are written out.
ESCAPED_IN_QUOTES = str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})
REPLACEMENT = "\ufffd"
MILLISECONDS_PER_SECOND = 1_000
RUN_SUITE = "agentevals"
ELEMENTS = {"failed": "failure", "errored": "error", "skipped": "skipped"}


def report(result: RunResult, width: int | None = None) -> str:
    """Write a run as JUnit XML; ``width`` does not matter.

    A failed metric is a failure; a metric with an error and everything that went wrong
    with the run is an error; a metric that was not evaluated is skipped.
    """
    del width
    metrics = [m for trace in result.trace_results for m in trace.metric_results]
    counts = _counts(metrics, run_errors=len(result.errors))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuites name={_quoted(RUN_SUITE)} {counts}>",
        *_run_errors(result.errors),
    ]
    for trace in result.trace_results:
        lines += _suite(trace)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _run_errors(errors: list[str]) -> list[str]:
    if not errors:
        return []
    cases = [
        f'    <testcase classname={_quoted(RUN_SUITE)} name="run">'
        f'<error type="run_error" message={_quoted(error)}/></testcase>'
        for error in errors
    ]
    counts = _counts([], run_errors=len(errors))
    return [f'  <testsuite name="run" {counts}>', *cases, "  </testsuite>"]


def _suite(trace: TraceResult) -> list[str]:
    title = trace_title(trace)
    lines = [f"  <testsuite name={_quoted(title)} {_counts(trace.metric_results)}>"]
    properties = {
        "invocations": str(trace.num_invocations),
        "eval_case": trace.eval_case_id,
        "agent": trace.agent_name,
    }
    lines.append("    <properties>")
    lines += [
        f"      <property name={_quoted(name)} value={_quoted(value)}/>"
        for name, value in properties.items()
        if value
    ]
    lines.append("    </properties>")
    for metric in trace.metric_results:
        lines += _case(trace, metric)
    if trace.conversion_warnings:
        warnings = _text("\n".join(trace.conversion_warnings))
        lines.append(f"    <system-err>{warnings}</system-err>")
    return [*lines, "  </testsuite>"]


def _case(trace: TraceResult, metric: MetricResult) -> list[str]:
    opening = (
        f"    <testcase classname={_quoted(trace_title(trace))} "
        f"name={_quoted(metric.metric_name)} time={_quoted(_seconds(metric))}"
    )
    element = ELEMENTS.get(metric.status)
    if element is None:
        return [f"{opening}/>"]
    explained = reasons(metric, trace)
    message = metric.error or "; ".join(explained[:1]) or metric.eval_status
    kind = metric.error_code or metric.eval_status
    body = _text("\n".join([*explained, *_mismatches(metric)]))
    # The schema gives a skipped case a message but no type.
    typed = "" if element == "skipped" else f" type={_quoted(kind)}"
    inside = f"<{element} message={_quoted(message)}{typed}>{body}</{element}>"
    return [f"{opening}>", f"      {inside}", "    </testcase>"]


def _mismatches(metric: MetricResult) -> list[str]:
    lines = []
    for number, turn in mismatches(metric):
        for side in ("expected", "actual"):
            lines.append(f"invocation {number} {side}:")
            lines += [f"  {call}" for call in calls(turn.get(side))]
    return lines


def _counts(metrics: list[MetricResult], *, run_errors: int = 0) -> str:
    statuses = [metric.status for metric in metrics]
    errors = statuses.count("errored") + run_errors
    seconds = sum(metric.duration_ms or 0 for metric in metrics)
    return (
        f'tests="{len(metrics) + run_errors}" failures="{statuses.count("failed")}" '
        f'errors="{errors}" skipped="{statuses.count("skipped")}" '
        f'time="{seconds / MILLISECONDS_PER_SECOND:.3f}"'
    )


def _seconds(metric: MetricResult) -> str:
    return f"{(metric.duration_ms or 0) / MILLISECONDS_PER_SECOND:.3f}"


def _text(text: str) -> str:
    return FORBIDDEN.sub(REPLACEMENT, text).translate(ESCAPED)


def _quoted(text: str) -> str:
    return f'"{_text(text).translate(ESCAPED_IN_QUOTES)}"'
