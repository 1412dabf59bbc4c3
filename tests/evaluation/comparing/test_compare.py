from __future__ import annotations

import pytest

from evaluation.comparing import compare
from tests.evaluation.comparing.building import TRAJECTORY, side, unit


def change(base: str, run: str, **fields: object) -> str:
    (judged,) = compare(
        side(unit(status=base, **fields)), side(unit(status=run, **fields))
    ).pairs
    return judged.change


@pytest.mark.parametrize(
    ("base", "run", "became"),
    [
        ("passed", "failed", "regressed"),
        ("passed", "errored", "regressed"),
        ("passed", "skipped", "regressed"),
        ("skipped", "failed", "regressed"),
        ("failed", "passed", "improved"),
        ("errored", "passed", "improved"),
        ("failed", "failed", "same"),
        ("errored", "errored", "errored"),
        ("failed", "errored", "errored"),
        ("errored", "failed", "errored"),
    ],
)
def test_the_status_decides_what_became_of_a_pair(
    base: str, run: str, became: str
) -> None:
    assert change(base, run) == became


@pytest.mark.parametrize(
    ("metric", "became"),
    [
        (TRAJECTORY, "improved"),
        ("tool_error_rate", "regressed"),
        ("token_usage_v1", "same"),
        ("some judge", "improved"),
    ],
)
def test_whether_a_higher_score_is_better_depends_on_the_metric(
    metric: str, became: str
) -> None:
    base = side(unit(score=0.6, evaluator=metric))
    run = side(unit(score=0.9, evaluator=metric))

    (judged,) = compare(base, run).pairs

    assert judged.change == became
    assert judged.pair.delta == pytest.approx(0.3)


def test_an_evaluator_of_its_own_name_has_the_direction_of_its_metric() -> None:
    base = side(unit(score=0.1, evaluator="failures", metric="tool_error_rate"))
    run = side(unit(score=0.2, evaluator="failures", metric="tool_error_rate"))

    comparison = compare(base, run)

    assert comparison.evaluators[0].better == "lower"
    assert comparison.counts["regressed"] == 1


def test_what_floating_point_sums_is_no_change() -> None:
    comparison = compare(side(unit(score=0.1 + 0.2)), side(unit(score=0.3)))

    assert comparison.counts["same"] == 1


def test_the_same_case_is_paired_whatever_the_trace_is_called() -> None:
    base = side(unit("a", trace_id="t1"), unit("b", trace_id="t2"))
    run = side(unit("b", trace_id="t3"), unit("a", trace_id="t4"))

    pairs = [judged.pair for judged in compare(base, run).pairs]

    assert [(p.case_id, p.paired_by) for p in pairs] == [("a", "case"), ("b", "case")]
    assert [p.run.trace_id for p in pairs if p.run] == ["t4", "t3"]


def test_without_a_case_the_trace_id_pairs() -> None:
    comparison = compare(side(unit("", trace_id="t1")), side(unit("", trace_id="t1")))

    assert comparison.pairs[0].pair.paired_by == "trace"


def test_a_case_that_only_one_side_knows_is_paired_by_trace() -> None:
    comparison = compare(side(unit("a", trace_id="t1")), side(unit("", trace_id="t1")))

    assert comparison.counts["same"] == 1
    assert "paired by trace id" in comparison.warnings[0]


def test_repetitions_of_a_case_keep_their_trace_and_then_their_order() -> None:
    base = side(unit("a", trace_id="t1"), unit("a", trace_id="t2"))
    run = side(*(unit("a", trace_id=name) for name in ("t3", "t1", "t4")))

    comparison = compare(base, run)

    pairs = [judged.pair for judged in comparison.pairs]
    assert [(p.base and p.base.trace_id, p.run and p.run.trace_id) for p in pairs] == [
        ("t1", "t1"),
        ("t2", "t3"),
        (None, "t4"),
    ]
    assert any("'a' has 2 results" in warning for warning in comparison.warnings)


def test_what_is_missing_is_told_and_counts_as_neither() -> None:
    base = side(unit("a"), unit("b"))
    run = side(unit("b"), unit("c"))

    comparison = compare(base, run)

    assert comparison.counts["missing_in_run"] == 1
    assert comparison.counts["missing_in_base"] == 1
    assert comparison.unproven == 1
    assert comparison.finding.verdict == "inconclusive"
    assert comparison.warnings[0] == (
        f"1 result of base missing in run: {TRAJECTORY} of case 'a'"
    )


def test_nothing_in_common_is_not_comparable() -> None:
    comparison = compare(side(unit("a")), side(unit("b")))

    assert not comparison.is_comparable
    assert comparison.finding.reason == "nothing stands on both sides"


def test_overall_a_case_passes_when_all_of_its_results_do() -> None:
    two = [unit("a"), unit("a", evaluator="response_match_score")]
    one_broken = [unit("a"), unit("a", "failed", evaluator="response_match_score")]

    overall = compare(side(*two), side(*one_broken)).overall

    assert (overall.pairs, overall.lost_passes, overall.scored) == (1, 1, 1)
    assert overall.mean_delta == -0.5


def test_a_measure_that_only_informs_keeps_no_case_from_passing() -> None:
    told = unit("a", "skipped", evaluator="token_usage_v1", score=900.0)

    overall = compare(side(unit("a"), told), side(unit("a"), told)).overall

    assert (overall.lost_passes, overall.gained_passes, overall.mean_delta) == (0, 0, 0)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"threshold": 0.5}, {"threshold": 0.8}, "threshold is 0.5 in base and 0.8 in"),
        (
            {"options": {"judge_model": "a"}},
            {"options": {"judge_model": "b"}},
            'judge_model is "a" in base and "b" in run',
        ),
        (
            {"options": {"trajectory_match_type": "EXACT"}},
            {"options": {}},
            'trajectory_match_type is "EXACT" in base and null in run',
        ),
    ],
)
def test_another_configuration_is_a_warning_once_an_evaluator(
    before: dict[str, object], after: dict[str, object], told: str
) -> None:
    base = side(*(unit(name, **before) for name in "abc"))
    run = side(*(unit(name, **after) for name in "abc"))

    (warning,) = compare(base, run).warnings

    assert told in warning


def test_an_error_that_tells_no_threshold_is_no_other_configuration() -> None:
    base = side(unit(threshold=0.5))
    run = side(unit(status="errored", threshold=None))

    assert compare(base, run).warnings == ()


def test_another_eval_set_and_errors_of_a_side_are_warnings() -> None:
    base = side(unit(), eval_set="one")
    run = side(unit(), eval_set="two", errors=("Failed to load 'x.json'",))

    warnings = compare(base, run).warnings

    assert warnings[0] == "run is incomplete: Failed to load 'x.json'"
    assert warnings[1].startswith("the eval sets differ")
