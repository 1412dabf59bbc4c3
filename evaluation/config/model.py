"""The checked configuration."""

from __future__ import annotations

from typing import Literal

from evaluation.judging.model import Limits
from evaluation.values import JSONObject, Value

EvaluatorType = Literal["builtin", "code", "remote", "openai_eval"]
CaseFallback = Literal["none", "first"]

DEFAULT_METRIC = "tool_trajectory_avg_score"


class EvaluatorSpec(Value, frozen=True, kw_only=True):
    """One evaluator; names are unique in a configuration.

    ``metric`` names the built-in metric (usually the name itself) and is empty for the
    other types. ``threshold`` is on the metric's scale; None leaves it to the metric.
    ``options`` are checked and in snake_case: those of the metric, or ``path``,
    ``timeout``, ``config``, ``executor``, ``source``, ``ref``, ``grader`` of the others.
    """

    name: str
    type: EvaluatorType = "builtin"
    metric: str = ""
    threshold: float | None = None
    options: JSONObject = {}


class EvaluationConfig(Value, frozen=True, kw_only=True):
    """Which evaluators run, in this order.

    ``case_fallback`` says what happens when a trace matches no case: nothing, or the
    first case is used. ``trace_format`` forces a format. ``uses_default`` is True when
    nobody asked for any evaluator. Judges are asked for ``max_concurrent_traces`` traces
    at once, with at most ``max_concurrent_evals`` rounds of questions (a turn's samples)
    open; None leaves that to whoever evaluates. Everything else is done in order.
    ``max_judge_calls`` and ``max_cost_usd`` bound what judges may be asked and cost, None
    is without limit.
    """

    evaluators: tuple[EvaluatorSpec, ...]
    case_fallback: CaseFallback = "none"
    trace_format: str | None = None
    uses_default: bool = False
    max_concurrent_traces: int = 10
    max_concurrent_evals: int | None = None
    max_judge_calls: int | None = None
    max_cost_usd: float | None = None

    @property
    def judge_limits(self) -> Limits:
        """Return what judges may be asked and cost."""
        return Limits(max_calls=self.max_judge_calls, max_cost_usd=self.max_cost_usd)
