"""How sure a difference between two paired samples is; exact where that is quick."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations_with_replacement
from math import factorial, fsum, prod, sqrt
from statistics import NormalDist, pstdev

from evaluation.comparing.model import Interval

SIGNIFICANCE = 0.05
# 2.5 % at either end of the interval.
ENDS = 40
RESAMPLES = 10_000
# Draws that take about 0.2 s; larger samples get fewer resamples instead of more time.
DRAWS = 2_000_000
# Beyond, the means of resamples are distributed normally as far as anybody can tell.
LARGEST_RESAMPLED = 1_000
NORMAL_END = NormalDist().inv_cdf(1 - 1 / ENDS)  # 1.96
# 6 differences have 462 different resamples, weighed in a few milliseconds; 8 have
# 6,435 and take longer than drawing.
LARGEST_EXACT = 6
SEED = 20_161_001
# Sums of the same differences in another order may differ in the last digits.
DECIMALS = 12


def mcnemar(lost: int, gained: int) -> float:
    """Test whether two kinds of discordant pairs are equally likely.

    The exact form of McNemar's test (1947): two-sided binomial at one half, which
    needs no large sample. Concordant pairs do not matter.

    Args:
        lost: pairs that changed in one direction.
        gained: pairs that changed in the other.

    Returns:
        The p-value in (0, 1]; 1.0 without discordant pairs.
    """
    total = lost + gained
    tail = term = 1  # comb(total, 0)
    for k in range(1, min(lost, gained) + 1):
        term = term * (total - k + 1) // k
        tail += term
    return min(1.0, tail / 2 ** (total - 1)) if total else 1.0


def mean_interval(differences: Sequence[float]) -> Interval | None:
    """Bound the mean of paired differences with 95 % confidence.

    Percentile bootstrap (Efron, 1979): the central 95 % of the means of samples of the
    same size, drawn with replacement. Up to 6 differences all of them are counted;
    more are drawn with a fixed seed, so the same numbers give the same interval; of
    more than 1,000 the normal distribution tells them.

    Returns:
        The interval; None for fewer than two, which tell nothing of how they vary.
    """
    if len(differences) < 2:  # noqa: PLR2004 - fewer do not vary
        return None
    if len(differences) <= LARGEST_EXACT or len(set(differences)) == 1:
        low, high = _exact(differences)
        return Interval(low=low, high=high, method="exact")
    if len(differences) <= LARGEST_RESAMPLED:
        low, high = _either_way(differences)
        return Interval(low=low, high=high, method="resampled")
    low, high = _normal(differences)
    return Interval(low=low, high=high, method="normal")


def mean(values: Iterable[float]) -> float | None:
    """Average, to 12 decimals; None of nothing."""
    numbers = list(values)
    return _rounded(fsum(numbers) / len(numbers)) if numbers else None


def _exact(differences: Sequence[float]) -> tuple[float, float]:
    """Weigh every different resample by the number of ways to draw it."""
    size = len(differences)
    if len(set(differences)) == 1:
        return differences[0], differences[0]
    ways: Counter[float] = Counter()
    for drawn in combinations_with_replacement(range(size), size):
        repeats = Counter(drawn).values()
        middle = _rounded(fsum(differences[i] for i in drawn) / size)
        ways[middle] += factorial(size) // prod(map(factorial, repeats))
    means = sorted(ways)
    return _end(means, ways, size), _end(means[::-1], ways, size)


def _end(means: Sequence[float], ways: Counter[float], size: int) -> float:
    """Return the first mean with more than 2.5 % of the ways up to it."""
    passed = 0
    for middle in means:
        passed += ways[middle]
        if passed * ENDS > size**size:
            return middle
    raise AssertionError("the ways are all there are")


def _either_way(differences: Sequence[float]) -> tuple[float, float]:
    """Draw the same for the sides swapped, and whatever the order of the pairs."""
    ordered, mirrored = sorted(differences), sorted(-each for each in differences)
    if ordered == mirrored:
        low, high = _resampled(ordered)
        half = _rounded((high - low) / 2)
        return -half, half
    if ordered > mirrored:
        return _resampled(ordered)
    low, high = _resampled(mirrored)
    return -high, -low


def _resampled(differences: Sequence[float]) -> tuple[float, float]:
    size = len(differences)
    times = min(RESAMPLES, DRAWS // size)
    draw = random.Random(SEED).choices  # noqa: S311 - statistics, not secrets
    means = sorted(sum(draw(differences, k=size)) / size for _ in range(times))
    outside = times // ENDS
    return _rounded(means[outside]), _rounded(means[-1 - outside])


def _normal(differences: Sequence[float]) -> tuple[float, float]:
    middle = fsum(differences) / len(differences)
    half = NORMAL_END * pstdev(differences, middle) / sqrt(len(differences))
    return _rounded(middle - half), _rounded(middle + half)


def _rounded(number: float) -> float:
    return round(number, DECIMALS) + 0.0  # never -0.0
