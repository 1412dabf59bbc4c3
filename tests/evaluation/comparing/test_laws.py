"""What is true of every comparison."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.comparing import Side, compare
from evaluation.comparing.model import RULES, Comparison
from tests.evaluation.comparing.building import side, sides, unit

MIRROR = {
    "improved": "regressed",
    "regressed": "improved",
    "missing_in_base": "missing_in_run",
    "missing_in_run": "missing_in_base",
    "same": "same",
    "errored": "errored",
    "inconclusive": "inconclusive",
}
RULE = st.sampled_from(RULES)


def figures(comparison: Comparison) -> dict[str, tuple[int, int, float]]:
    return {
        each.evaluator: (
            each.figures.lost_passes,
            each.figures.gained_passes,
            each.figures.p_value,
        )
        for each in comparison.evaluators
    }


@settings(deadline=None)
@given(base=sides(), run=sides())
def test_swapping_the_sides_swaps_improved_and_regressed(base: Side, run: Side) -> None:
    there = compare(base, run, rule="significant")
    back = compare(run, base, rule="significant")

    assert back.counts == {MIRROR[name]: n for name, n in there.counts.items()}
    assert figures(back) == {
        name: (gained, lost, p) for name, (lost, gained, p) in figures(there).items()
    }


@settings(deadline=None)
@given(base=sides(), run=sides())
def test_swapping_the_sides_swaps_what_is_significant_of_an_evaluator(
    base: Side, run: Side
) -> None:
    there = compare(base, run, rule="significant")
    back = compare(run, base, rule="significant")

    mirrored = {e.evaluator: MIRROR[e.finding.verdict] for e in there.evaluators}
    assert {e.evaluator: e.finding.verdict for e in back.evaluators} == mirrored


@settings(deadline=None)
@given(one=sides(), rule=RULE)
def test_a_side_compared_with_itself_is_the_same_everywhere(
    one: Side, rule: str
) -> None:
    comparison = compare(one, one, rule=rule)  # type: ignore[arg-type]  # one of RULES

    # What errored on both sides was measured on neither.
    known = [unit for unit in one.units if unit.trace_id or unit.case_id]
    errored = sum(unit.status == "errored" for unit in known)
    assert comparison.counts["errored"] == errored
    assert comparison.counts["same"] == len(known) - errored
    assert comparison.finding.verdict == "inconclusive"


@settings(deadline=None)
@given(base=sides(), run=sides(), more=st.integers(1, 30))
def test_pairs_that_are_equal_do_not_change_mcnemar(
    base: Side, run: Side, more: int
) -> None:
    equal = [unit(f"equal {k}", trace_id=f"equal {k}") for k in range(more)]

    with_them = compare(side(*base.units, *equal), side(*run.units, *equal))

    before = figures(compare(base, run))
    assert {name: figures(with_them)[name] for name in before} == before


@settings(deadline=None)
@given(base=sides(), run=sides())
def test_every_result_stands_in_exactly_one_pair(base: Side, run: Side) -> None:
    comparison = compare(base, run)

    pairs = [judged.pair for judged in comparison.pairs]
    assert sorted(map(repr, base.units)) == sorted(
        repr(p.base) for p in pairs if p.base
    )
    assert sorted(map(repr, run.units)) == sorted(repr(p.run) for p in pairs if p.run)
    assert sum(comparison.counts.values()) == len(pairs)


@settings(deadline=None)
@given(base=sides(), run=sides(), rule=RULE)
def test_an_error_is_never_a_pass(base: Side, run: Side, rule: str) -> None:
    comparison = compare(base, run, rule=rule)  # type: ignore[arg-type]  # one of RULES

    for judged in comparison.pairs:
        pair = judged.pair
        if pair.base and pair.run and pair.run.status == "errored":
            assert judged.change in {"regressed", "errored"}
            assert (judged.change == "regressed") == (pair.base.status == "passed")


@settings(deadline=None)
@given(base=sides(), run=sides())
def test_a_lost_pass_is_regressed_by_the_rule_of_ci(base: Side, run: Side) -> None:
    comparison = compare(base, run)

    lost = any(judged.pair.lost_pass for judged in comparison.pairs)
    assert not lost or comparison.finding.verdict == "regressed"
