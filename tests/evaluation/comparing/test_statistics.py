from __future__ import annotations

from itertools import product
from math import comb, fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.comparing.statistics import mcnemar, mean, mean_interval

SCORES = st.lists(st.floats(-1, 1, allow_subnormal=False), max_size=9)
FEW = st.lists(st.integers(-3, 3).map(float), min_size=2, max_size=5)
COUNTS = st.integers(0, 60)


@pytest.mark.parametrize(
    ("lost", "gained", "p_value"),
    [
        pytest.param(0, 0, 1.0, id="nothing changed"),
        pytest.param(1, 0, 1.0, id="one change proves nothing"),
        pytest.param(5, 0, 0.0625, id="five in one direction are not enough"),
        pytest.param(6, 0, 0.03125, id="six are: 2 / 2**6"),
        pytest.param(1, 9, 0.021484375, id="2 * (1 + 10) / 1024"),
        pytest.param(3, 3, 1.0, id="balanced"),
        # Agresti, Categorical Data Analysis, table 10.1: approval of a prime minister.
        # R's exact2x2 and SciPy's binomtest give the same.
        pytest.param(150, 86, 3.7159e-05, id="published"),
    ],
)
def test_mcnemar_gives_the_known_answer(lost: int, gained: int, p_value: float) -> None:
    assert mcnemar(lost, gained) == pytest.approx(p_value, rel=1e-4)


@given(lost=COUNTS, gained=COUNTS)
def test_mcnemar_is_twice_the_smaller_tail_of_a_fair_coin(
    lost: int, gained: int
) -> None:
    total = lost + gained
    tail = sum(comb(total, k) for k in range(min(lost, gained) + 1))

    assert mcnemar(lost, gained) == min(1.0, 2 * tail / 2**total)


@given(lost=COUNTS, gained=COUNTS)
def test_mcnemar_does_not_know_which_side_is_which(lost: int, gained: int) -> None:
    assert mcnemar(lost, gained) == mcnemar(gained, lost)
    assert 0 < mcnemar(lost, gained) <= 1


@pytest.mark.parametrize(
    ("differences", "low", "high"),
    [
        # Means of two draws: 0 and 1 in a quarter of the ways each.
        pytest.param([0, 1], 0.0, 1.0, id="two"),
        # Ones among 3 draws: P(0) = 8/27, P(3) = 1/27 = 3.7 % > 2.5 %.
        pytest.param([0, 0, 1], 0.0, 1.0, id="three"),
        # Ones among 4 draws: P(0) = 31.6 %, P(4) = 0.4 %, P(>= 3) = 5.1 %.
        pytest.param([0, 0, 0, 1], 0.0, 0.75, id="four"),
        # Ones among 6 draws, p = 1/3: P(0) = 8.8 %, P(>= 4) = 10 %, P(>= 5) = 1.8 %.
        pytest.param([0, 0, 0, 0, 3, 3], 0.0, 2.0, id="six"),
    ],
)
def test_the_interval_of_few_differences_is_counted_by_hand(
    differences: list[float], low: float, high: float
) -> None:
    interval = mean_interval(differences)

    assert interval is not None
    assert (interval.low, interval.high, interval.method) == (low, high, "exact")


@given(differences=FEW)
def test_the_exact_interval_is_that_of_all_ordered_resamples(
    differences: list[float],
) -> None:
    size = len(differences)
    means = sorted(
        round(fsum(drawn) / size, 12) for drawn in product(differences, repeat=size)
    )
    outside = len(means) // 40

    interval = mean_interval(differences)

    assert interval is not None
    assert interval.low == pytest.approx(means[outside])
    assert interval.high == pytest.approx(means[-1 - outside])


def test_a_resampled_interval_is_near_the_one_of_the_binomial_distribution() -> None:
    # 30 of 100 ones: the central 95 % of Binomial(100, 0.3) are 21 to 39.
    interval = mean_interval([1.0] * 30 + [0.0] * 70)

    assert interval is not None
    assert interval.method == "resampled"
    assert (interval.low, interval.high) == pytest.approx((0.21, 0.39), abs=0.015)


@settings(deadline=None, max_examples=40)
@given(differences=SCORES)
def test_swapping_the_sides_mirrors_the_interval(differences: list[float]) -> None:
    there = mean_interval(differences)
    back = mean_interval([-each for each in differences])

    if there is None or back is None:
        assert there is back is None
        assert len(differences) < 2
    else:
        assert (there.low, there.high) == (-back.high, -back.low)


@settings(deadline=None, max_examples=40)
@given(differences=SCORES.filter(lambda found: len(found) > 1))
def test_the_mean_lies_in_its_interval_and_that_between_the_extremes(
    differences: list[float],
) -> None:
    interval = mean_interval(differences)
    middle = mean(differences)

    assert interval is not None
    assert middle is not None
    assert min(differences) - 1e-9 <= interval.low <= interval.high
    assert interval.high <= max(differences) + 1e-9


@settings(deadline=None, max_examples=10)
@given(data=st.data())
def test_the_order_of_the_pairs_does_not_matter(data: st.DataObject) -> None:
    differences = [k / 100 for k in range(-20, 30)]

    shuffled = data.draw(st.permutations(differences))

    assert mean_interval(shuffled) == mean_interval(differences)


def test_differences_that_are_their_own_mirror_have_such_an_interval() -> None:
    interval = mean_interval([-0.5, 0.5] * 10)

    assert interval is not None
    assert interval.low == -interval.high


def test_many_differences_have_the_interval_of_the_normal_distribution() -> None:
    # 3,000 of 10,000 ones: 0.3 ± 1.96 * sqrt(0.3 * 0.7 / 10,000).
    interval = mean_interval([1.0] * 3_000 + [0.0] * 7_000)

    assert interval is not None
    assert interval.method == "normal"
    assert (interval.low, interval.high) == pytest.approx((0.29102, 0.30898), abs=1e-5)


def test_what_does_not_vary_has_no_interval_and_nothing_no_mean() -> None:
    assert mean_interval([0.5]) is None
    assert mean_interval([]) is None
    assert mean([]) is None
