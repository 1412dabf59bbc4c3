"""The rule: from changes to a verdict."""

from __future__ import annotations

import pytest

from evaluation.comparing import Rule, Side, compare
from evaluation.comparing.model import RULES
from tests.evaluation.comparing.building import side, unit


def cases(*statuses: str) -> Side:
    return side(*(unit(f"case {k}", status) for k, status in enumerate(statuses)))


def scores(*values: float, evaluator: str = "my_score") -> Side:
    return side(
        *(
            unit(f"case {k}", score=value, evaluator=evaluator)
            for k, value in enumerate(values)
        )
    )


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("lost-pass", "regressed"),
        ("any-regression", "regressed"),
        ("significant", "inconclusive"),
    ],
)
def test_one_lost_pass_of_five_is_heard_unless_proof_is_asked_for(
    rule: Rule, verdict: str
) -> None:
    base, run = cases(*["passed"] * 5), cases("failed", *["passed"] * 4)

    finding = compare(base, run, rule=rule).finding

    assert finding.verdict == verdict


def test_six_lost_passes_and_none_gained_are_significant() -> None:
    base, run = cases(*["passed"] * 6), cases(*["failed"] * 6)

    finding = compare(base, run, rule="significant").finding

    assert finding.verdict == "regressed"
    assert "McNemar p = 0.031" in finding.reason


def test_as_many_gained_as_lost_is_chance() -> None:
    base = cases(*["passed"] * 5, *["failed"] * 5)
    run = cases(*["failed"] * 5, *["passed"] * 5)

    finding = compare(base, run, rule="significant").finding

    assert finding.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("lost-pass", "inconclusive"),
        ("any-regression", "regressed"),
        ("significant", "inconclusive"),
    ],
)
def test_a_lower_score_that_still_passes_counts_only_for_the_strict(
    rule: Rule, verdict: str
) -> None:
    base, run = scores(0.9, 0.9, 0.9), scores(0.9, 0.8, 0.9)

    assert compare(base, run, rule=rule).finding.verdict == verdict


@pytest.mark.parametrize("rule", RULES)
def test_scores_that_fall_in_many_pairs_are_a_regression_by_every_rule(
    rule: Rule,
) -> None:
    base = scores(*[0.9] * 12)
    run = scores(*[0.9 - k / 100 for k in range(12)])

    finding = compare(base, run, rule=rule).finding

    assert finding.verdict == "regressed"


def test_four_of_ten_scores_that_fell_are_too_few_to_prove_anything() -> None:
    base, run = scores(*[0.9] * 10), scores(*[0.9] * 6, *[0.8] * 4)

    assert compare(base, run, rule="significant").finding.verdict == "inconclusive"


def test_five_lower_scores_are_too_few_to_prove_anything() -> None:
    finding = compare(
        scores(*[0.9] * 5), scores(*[0.8] * 5), rule="significant"
    ).finding

    assert finding.verdict == "inconclusive"
    assert finding.reason == "what changed proves nothing"


def test_a_rate_of_errors_that_rises_is_a_regression() -> None:
    base = scores(*[0.1] * 8, evaluator="tool_error_rate")
    run = scores(*[0.2] * 8, evaluator="tool_error_rate")

    assert compare(base, run).finding.verdict == "regressed"


def test_a_measure_that_only_informs_decides_nothing() -> None:
    base = scores(*[100.0] * 8, evaluator="token_usage_v1")
    run = scores(*[900.0] * 8, evaluator="token_usage_v1")

    for rule in RULES:
        assert compare(base, run, rule=rule).finding.verdict == "inconclusive"


@pytest.mark.parametrize("rule", ["lost-pass", "any-regression"])
def test_a_pass_gained_and_none_lost_is_an_improvement(rule: Rule) -> None:
    base, run = cases("passed", "failed"), cases("passed", "passed")

    finding = compare(base, run, rule=rule).finding

    assert finding.verdict == "improved"
    assert "1 of 2 gained the pass and none lost it" in finding.reason


def test_one_evaluator_that_regressed_outweighs_those_that_improved() -> None:
    base = side(unit("a", "failed"), unit("a", evaluator="my_judge"))
    run = side(unit("a"), unit("a", "errored", evaluator="my_judge"))

    finding = compare(base, run).finding

    assert finding.verdict == "regressed"
    assert finding.reason == "my_judge: 1 of 1 lost the pass, 0 gained one"


def test_cases_broken_by_different_evaluators_are_counted_together() -> None:
    names = ["one", "two"]
    base = side(*(unit(f"c{k}", evaluator=n) for k in range(6) for n in names))
    run = side(
        *(
            unit(f"c{k}", "failed" if k % 2 == place else "passed", evaluator=n)
            for k in range(6)
            for place, n in enumerate(names)
        )
    )

    comparison = compare(base, run, rule="significant")

    assert [e.finding.verdict for e in comparison.evaluators] == ["inconclusive"] * 2
    assert comparison.finding.verdict == "regressed"
    assert "of 6 cases 6 lost the pass" in comparison.finding.reason
