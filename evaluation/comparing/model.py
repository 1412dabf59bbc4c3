"""What is compared, and what a comparison says."""

from __future__ import annotations

from typing import Literal

from evaluation.metrics.metric import Direction
from evaluation.outcome import ResultStatus
from evaluation.values import JSONObject, Value

Change = Literal[
    "improved", "regressed", "same", "errored", "missing_in_base", "missing_in_run"
]
Conclusion = Literal["regressed", "improved", "inconclusive"]
# What it takes to call a run regressed; the rules are in docs/explanation/comparing.md.
Rule = Literal["lost-pass", "any-regression", "significant"]
RULES: tuple[Rule, ...] = ("lost-pass", "any-regression", "significant")
PairedBy = Literal["case", "trace"]


class Unit(Value, frozen=True, kw_only=True):
    """What one evaluator said about one trace on one side.

    ``case_id`` is the eval case that the trace was compared with, None if none was.
    ``metric`` names the built-in metric behind ``evaluator``, or is its name.
    """

    trace_id: str
    evaluator: str
    status: ResultStatus
    score: float | None = None
    case_id: str | None = None
    metric: str = ""
    threshold: float | None = None
    options: JSONObject = {}

    @property
    def passed(self) -> bool:
        """Tell whether it passed; an error never does."""
        return self.status == "passed"


class Side(Value, frozen=True, kw_only=True):
    """All results of one side, in their order.

    ``label`` is what people call it. ``eval_set`` is a digest of its eval set, None
    when there was none or nobody knows. ``errors`` went wrong with the whole of it.
    """

    label: str
    units: tuple[Unit, ...] = ()
    eval_set: str | None = None
    errors: tuple[str, ...] = ()


class Pair(Value, frozen=True, kw_only=True):
    """One evaluator on the same thing on both sides; one of them may be missing."""

    evaluator: str
    paired_by: PairedBy
    base: Unit | None = None
    run: Unit | None = None

    @property
    def case_id(self) -> str | None:
        """Return the eval case, of whichever side knows it."""
        return next((u.case_id for u in self.present if u.case_id is not None), None)

    @property
    def item(self) -> tuple[PairedBy, str]:
        """Return what both sides were about: a case, or a trace."""
        if self.paired_by == "case" and self.case_id is not None:
            return "case", self.case_id
        return "trace", self.present[0].trace_id

    @property
    def present(self) -> tuple[Unit, ...]:
        """Return the units that are there, base first."""
        return tuple(unit for unit in (self.base, self.run) if unit is not None)

    @property
    def lost_pass(self) -> bool:
        """Tell whether it passed in base and does not in run."""
        if self.base is None or self.run is None:
            return False
        return self.base.passed and not self.run.passed

    @property
    def gained_pass(self) -> bool:
        """Tell whether it passes in run and did not in base."""
        if self.base is None or self.run is None:
            return False
        return self.run.passed and not self.base.passed

    @property
    def scores(self) -> tuple[float, float] | None:
        """Return the scores of base and run; None unless both were measured."""
        if self.base is None or self.run is None:
            return None
        if self.base.score is None or self.run.score is None:
            return None
        return self.base.score, self.run.score

    @property
    def delta(self) -> float | None:
        """Return run's score minus base's; None unless both were measured."""
        return self.scores and self.scores[1] - self.scores[0]


class Judged(Value, frozen=True, kw_only=True):
    """A pair and what became of it."""

    pair: Pair
    change: Change


class Interval(Value, frozen=True, kw_only=True):
    """Where a mean lies with 95 % confidence, and how that was found."""

    low: float
    high: float
    method: Literal["exact", "resampled", "normal"]


class Figures(Value, frozen=True, kw_only=True):
    """What pairs come to in numbers.

    ``pairs`` have both sides, ``scored`` of them have both scores, which differ in
    ``changed``. ``p_value`` is of
    McNemar's exact test of ``lost_passes`` against ``gained_passes``. The means and the
    ``interval`` of the mean score difference (run minus base) are over scored pairs;
    None when there are none.
    """

    pairs: int
    lost_passes: int
    gained_passes: int
    p_value: float
    scored: int = 0
    changed: int = 0
    base_mean: float | None = None
    run_mean: float | None = None
    mean_delta: float | None = None
    interval: Interval | None = None


class Finding(Value, frozen=True, kw_only=True):
    """A verdict and the sentence that says why."""

    verdict: Conclusion
    reason: str


class EvaluatorComparison(Value, frozen=True, kw_only=True):
    """What became of one evaluator; ``counts`` has every ``Change``."""

    evaluator: str
    better: Direction
    counts: dict[str, int]
    figures: Figures
    finding: Finding


class Comparison(Value, frozen=True, kw_only=True):
    """Everything that is to say about two sides.

    ``overall`` counts cases: one passes when all its results with a verdict do.
    """

    base: str
    run: str
    rule: Rule
    pairs: tuple[Judged, ...]
    evaluators: tuple[EvaluatorComparison, ...]
    overall: Figures
    counts: dict[str, int]
    finding: Finding
    warnings: tuple[str, ...]

    @property
    def is_comparable(self) -> bool:
        """Tell whether anything at all stands on both sides."""
        return any(judged.pair.base and judged.pair.run for judged in self.pairs)

    @property
    def unproven(self) -> int:
        """Count the passes of base about which run says nothing."""
        return sum(
            judged.change == "missing_in_run" and judged.pair.present[0].passed
            for judged in self.pairs
        )
