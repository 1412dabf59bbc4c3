"""What every metric is: its needs, its scale, its options, and where it is measured.

Knowing a metric costs nothing: its module is imported when it is asked to measure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Literal, cast

from evaluation.metrics.model import Measure
from evaluation.values import JSONObject, Value

Direction = Literal["higher", "lower", "informational"]
DEFAULT_THRESHOLD = 0.5


class Metric(Value, frozen=True, kw_only=True):
    """One metric.

    ``range`` is the scale of its score, None for an open end. ``better`` says which
    end is good; an informational metric passes and fails only by its option ``max``.
    ``unavailable`` is the sentence that says why it cannot measure here, with
    ``unavailable_code`` for programs. ``listed`` is False for a metric that is known
    but not offered.
    """

    name: str
    category: str
    description: str
    requires_eval_set: bool = False
    requires_llm: bool = False
    requires_gcp: bool = False
    requires_rubrics: bool = False
    range: tuple[float | None, float | None] = (0.0, 1.0)
    better: Direction = "higher"
    default_threshold: float | None = DEFAULT_THRESHOLD
    options: tuple[str, ...] = ()
    required_options: tuple[str, ...] = ()
    unavailable: str = ""
    unavailable_code: str = ""
    working: bool = True
    listed: bool = True

    @property
    def takes_global_threshold(self) -> bool:
        """Tell whether a threshold meant for all metrics makes sense for this one."""
        return self.better == "higher" and self.range == (0.0, 1.0)

    def load(self) -> Measure:
        """Import the function that measures."""
        module = import_module(f"evaluation.metrics.builtin.{self.name}")
        return cast("Measure", module.measure)

    def describe(self) -> JSONObject:
        """Render the flags in the contract's shape and order."""
        return {
            "name": self.name,
            "category": self.category,
            "requiresEvalSet": self.requires_eval_set,
            "requiresLLM": self.requires_llm,
            "requiresGCP": self.requires_gcp,
            "requiresRubrics": self.requires_rubrics,
            "description": self.description,
            "working": self.working,
        }


def describe() -> list[JSONObject]:
    """Describe the metrics on offer: the contract's in its order, then ours."""
    return [metric.describe() for metric in METRICS.values() if metric.listed]


_ARGUMENTS = (
    "arguments",
    "argument_fields",
    "ignored_argument_fields",
    "argument_patterns",
    "numeric_tolerance",
)
_JUDGE = ("judge_model", "judge_base_url", "credential_ref")


def _vertex(name: str, description: str, **rest: object) -> Metric:
    return _metric(
        name,
        description,
        requires_gcp=True,
        unavailable=f"Metric '{name}' needs the Vertex AI evaluation service, "
        "which is not available here.",
        unavailable_code="vertex_unavailable",
        **rest,
    )


def _judged(name: str, description: str, **rest: object) -> Metric:
    defaults: dict[str, object] = {
        "requires_llm": True,
        "options": _JUDGE,
        "unavailable": f"Metric '{name}' needs a judge model, "
        "and no judge is available here.",
        "unavailable_code": "judge_unavailable",
    }
    return _metric(name, description, **(defaults | rest))


def _rubric(name: str, description: str, **rest: object) -> Metric:
    return _judged(
        name,
        description,
        requires_rubrics=True,
        options=(*_JUDGE, "rubrics"),
        **rest,
    )


def _trajectory(name: str, description: str, **rest: object) -> Metric:
    defaults: dict[str, object] = {
        "category": "trajectory",
        "requires_eval_set": True,
        "options": _ARGUMENTS,
    }
    return _metric(name, description, **(defaults | rest))


def _efficiency(name: str, description: str, **rest: object) -> Metric:
    defaults: dict[str, object] = {
        "category": "efficiency",
        "range": (0.0, None),
        "better": "informational",
        "default_threshold": None,
        "options": ("max",),
    }
    return _metric(name, description, **(defaults | rest))


def _metric(name: str, description: str, **rest: object) -> Metric:
    make = cast("Callable[..., Metric]", Metric)
    return make(name=name, description=description, **rest)


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        _trajectory(
            "tool_trajectory_avg_score",
            "Share of turns whose tool calls match the golden calls.",
            options=("trajectory_match_type", *_ARGUMENTS),
        ),
        _vertex(
            "response_evaluation_score",
            "Vertex AI: how coherent the answers are, from 1 to 5.",
            category="response",
            requires_eval_set=True,
            range=(1.0, 5.0),
            default_threshold=3.0,
        ),
        _metric(
            "response_match_score",
            "How many words the answer shares with the golden answer (ROUGE-1).",
            category="response",
            requires_eval_set=True,
        ),
        _vertex(
            "safety_v1",
            "Vertex AI: how harmless the answers are.",
            category="safety",
        ),
        _vertex(
            "multi_turn_task_success_v1",
            "Vertex AI: whether the conversation reached its goal.",
            category="multi-turn",
        ),
        _vertex(
            "multi_turn_trajectory_quality_v1",
            "Vertex AI: how good the way through the whole conversation is.",
            category="multi-turn",
        ),
        _vertex(
            "multi_turn_tool_use_quality_v1",
            "Vertex AI: how good the function calls of the conversation are.",
            category="multi-turn",
        ),
        _judged(
            "final_response_match_v2",
            "A judge model decides whether the answer says what the golden one says.",
            category="response",
            requires_eval_set=True,
        ),
        _rubric(
            "rubric_based_final_response_quality_v1",
            "A judge model checks the answer against rubrics.",
            category="quality",
        ),
        _judged(
            "hallucinations_v1",
            "A judge model looks for claims that the trace does not support.",
            category="safety",
        ),
        _rubric(
            "rubric_based_tool_use_quality_v1",
            "A judge model checks the tool calls against rubrics.",
            category="quality",
        ),
        _judged(
            "per_turn_user_simulator_quality_v1",
            "A judge model rates a simulated user; recorded traces have none.",
            category="simulation",
            unavailable="conversation_scenario is needed by this metric.",
            unavailable_code="scenario_required",
            working=False,
            listed=False,
        ),
        _rubric(
            "rubric_based_multi_turn_trajectory_quality_v1",
            "A judge model checks the whole conversation against rubrics.",
            category="multi-turn",
            working=False,
        ),
        _efficiency("tool_call_count_v1", "Tool calls a turn, on average."),
        _efficiency("inference_call_count_v1", "Model calls a turn, on average."),
        _efficiency("token_usage_v1", "Tokens a turn, on average."),
        _efficiency("invocation_duration_v1", "Seconds a turn takes, on average."),
        _trajectory(
            "tool_trajectory_subset",
            "Share of the tool calls made that are expected ones.",
        ),
        _trajectory(
            "tool_trajectory_superset",
            "Share of the expected tool calls that were made.",
        ),
        _trajectory(
            "tool_trajectory_f1",
            "Balance of expected calls made and calls made that were expected.",
        ),
        _trajectory(
            "tool_trajectory_edit_similarity",
            "How few insertions, removals and changes lead to the expected calls.",
        ),
        _metric(
            "exact_match",
            "Share of answers that equal the golden answer.",
            category="response",
            requires_eval_set=True,
            options=("ignore_case", "ignore_white_space"),
        ),
        _metric(
            "contains",
            "Share of required texts that the answers contain.",
            category="response",
            options=("texts", "ignore_case"),
            required_options=("texts",),
        ),
        _metric(
            "json_match",
            "Share of answers that are the same JSON as the golden answer.",
            category="response",
            requires_eval_set=True,
            options=_ARGUMENTS,
        ),
        _metric(
            "tool_error_rate",
            "Share of tool calls that failed; lower is better.",
            category="trajectory",
            better="lower",
            default_threshold=0.0,
        ),
        _metric(
            "forbidden_tools",
            "Share of turns that call none of the forbidden tools.",
            category="trajectory",
            default_threshold=1.0,
            options=("tools",),
            required_options=("tools",),
        ),
        _metric(
            "required_tools",
            "Share of the required tools that the conversation calls.",
            category="trajectory",
            default_threshold=1.0,
            options=("tools",),
            required_options=("tools",),
        ),
        _metric(
            "loop_detection",
            "Share of turns that do not repeat the same call over and over.",
            category="trajectory",
            default_threshold=1.0,
            options=("max_repeats",),
        ),
        _efficiency(
            "cost_usd",
            "US dollars a conversation costs, by a price table.",
            options=("max", "prices"),
            required_options=("prices",),
        ),
    )
}
