"""The comparison of two runs."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from agentevals_site.openapi.operation import Answer, Document, Operation, Parameter
from agentevals_site.openapi.runs import Status
from evaluation.comparing.model import Change, Conclusion, PairedBy, Rule
from evaluation.metrics.metric import Direction
from evaluation.outcome import ResultStatus, Verdict


class ComparedRun(Document):
    """One of the two runs."""

    run_id: UUID
    name: str
    labels: dict[str, str]
    status: Status
    verdict: Verdict | None
    attempt: int
    created_at: datetime
    finished_at: datetime | None


class Interval(Document):
    """Where a mean lies with 95 % confidence."""

    low: float
    high: float
    method: Literal["exact", "resampled", "normal"]


class Figures(Document):
    """What pairs come to in numbers; null where nothing was measured."""

    pairs: int
    lost_passes: int
    gained_passes: int
    p_value: float
    scored: int
    changed: int
    base_mean: float | None
    run_mean: float | None
    mean_delta: float | None
    interval: Interval | None


class ComparedEvaluator(Figures):
    """One evaluator on both sides."""

    evaluator: str
    better: Direction
    verdict: Conclusion
    reason: str
    counts: dict[str, int]


class Pair(Document):
    """One evaluator on the same case or trace on both sides."""

    evaluator: str
    change: Change
    paired_by: PairedBy
    case_id: str | None
    base_trace_id: str | None
    run_trace_id: str | None
    base_status: ResultStatus | None
    run_status: ResultStatus | None
    base_score: float | None
    run_score: float | None
    score_delta: float | None


class Comparison(Document):
    """Whether a run is worse than another, and what that rests on."""

    base: ComparedRun
    run: ComparedRun
    rule: Rule
    verdict: Conclusion
    reason: str
    warnings: list[str]
    counts: dict[str, int]
    overall: Figures
    evaluators: list[ComparedEvaluator]
    pairs: list[Pair]


OPERATIONS = (
    Operation(
        method="get",
        path="/api/runs/compare",
        name="compareRuns",
        tag="results",
        summary="Say whether a run is worse than another",
        parameters=(
            Parameter(name="base", kind=UUID, says="The run before.", required=True),
            Parameter(name="run", kind=UUID, says="The run after.", required=True),
            Parameter(
                name="rule",
                kind=Rule,
                says="What counts as worse; `lost-pass` if none.",
            ),
        ),
        answers={200: Answer(says="The comparison.", kind=Comparison)},
        problems=(404, 409, 422, 503),
    ),
)
