from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from evaluation.outcome import MetricResult, RunResult, TraceResult
from evaluation.reports import report
from evaluation.reports.junit import FORBIDDEN, REPLACEMENT


def parse(result: RunResult) -> ElementTree.Element:
    return ElementTree.fromstring(report(result, "junit").encode())  # noqa: S314 - our own document


def test_every_kind_of_verdict_has_its_element(run_of_all: RunResult) -> None:
    root = parse(run_of_all)

    found = {
        case.get("name"): [child.tag for child in case]
        for case in root.iter("testcase")
    }
    assert found == {
        "run": ["error"],
        "tool_trajectory_avg_score": ["failure"],
        "response_match_score": [],
        "my_eval": ["error"],
        "hallucinations_v1": ["skipped"],
    }


def test_the_counts_are_those_of_the_cases(run_of_all: RunResult) -> None:
    root = parse(run_of_all)

    for element in (root, *root.iter("testsuite")):
        cases = list(element.iter("testcase"))
        assert element.get("tests") == str(len(cases))
        for name, tag in (
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            assert element.get(name) == str(len(list(element.iter(tag))))


def test_a_failure_shows_both_sides(run_of_all: RunResult) -> None:
    failure = parse(run_of_all).find(".//failure")

    assert failure is not None
    assert failure.get("type") == "FAILED"
    assert "score 0.0000 < threshold 0.5" in str(failure.get("message"))
    assert 'expected:\n  - dive({"depth": 3})' in str(failure.text)
    assert 'actual:\n  - dive({"depth": "3"})' in str(failure.text)


def test_an_error_carries_its_code_and_its_text(run_of_all: RunResult) -> None:
    case = parse(run_of_all).find(".//testcase[@name='my_eval']")

    assert case is not None
    assert case.get("time") == "1.234"
    assert case[0].get("type") == "evaluator_failed"
    assert str(case[0].get("message")).endswith("stderr:\n<|no & none|>")


@given(st.text(), st.text(), st.text())
def test_any_text_gives_well_formed_xml(name: str, error: str, trace_id: str) -> None:
    metric = MetricResult(metric_name=name, error=error)
    trace = TraceResult(
        trace_id=trace_id, metric_results=[metric], conversion_warnings=[error]
    )

    root = parse(RunResult(trace_results=[trace], errors=[error]))

    message = root.find(".//error").get("message")  # type: ignore[union-attr]
    assert root.tag == "testsuites"
    assert message == FORBIDDEN.sub(REPLACEMENT, error)
