"""Every metric by name.

Knowing a metric costs nothing: its module is imported when it is asked to measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from evaluation.metrics.metric import Lack, Metric
from evaluation.values import JSONObject


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
_JUDGE = ("judge_model", "judge_base_url", "credential_ref", "prices")
_SAMPLES = (*_JUDGE, "samples")

_vertex = partial(
    Metric,
    requires_gcp=True,
    lack=Lack(
        code="vertex_unavailable",
        text="Metric '{name}' needs the Vertex AI evaluation service, which is not "
        "available here; ask a judge model instead, with 'llm_judge' or rubrics.",
    ),
)
_judged = partial(
    Metric,
    requires_llm=True,
    options=_JUDGE,
    lack=Lack(
        code="judge_unavailable",
        text="Metric '{name}' needs a judge model, and no judge is available here.",
    ),
)
_rubric = partial(_judged, requires_rubrics=True, options=(*_SAMPLES, "rubrics"))
_trajectory = partial(
    Metric, category="trajectory", requires_eval_set=True, options=_ARGUMENTS
)
_tools = partial(
    Metric,
    category="trajectory",
    default_threshold=1.0,
    options=("tools",),
    required_options=("tools",),
)
_efficiency = partial(
    Metric,
    category="efficiency",
    range=(0.0, None),
    better="informational",
    default_threshold=None,
    options=("max",),
)

_CONTRACT = (
    _trajectory(
        name="tool_trajectory_avg_score",
        description="Share of turns whose tool calls match the golden calls.",
        options=("trajectory_match_type", *_ARGUMENTS),
    ),
    _vertex(
        name="response_evaluation_score",
        category="response",
        description="Vertex AI: how coherent the answers are, from 1 to 5.",
        requires_eval_set=True,
        range=(1.0, 5.0),
        default_threshold=3.0,
    ),
    Metric(
        name="response_match_score",
        category="response",
        description="How many words answer and golden answer share (ROUGE-1).",
        requires_eval_set=True,
    ),
    _vertex(
        name="safety_v1",
        category="safety",
        description="Vertex AI: how harmless the answers are.",
    ),
    _vertex(
        name="multi_turn_task_success_v1",
        category="multi-turn",
        description="Vertex AI: whether the conversation reached its goal.",
    ),
    _vertex(
        name="multi_turn_trajectory_quality_v1",
        category="multi-turn",
        description="Vertex AI: how good the way through the conversation is.",
    ),
    _vertex(
        name="multi_turn_tool_use_quality_v1",
        category="multi-turn",
        description="Vertex AI: how good the conversation's function calls are.",
    ),
    _judged(
        name="final_response_match_v2",
        category="response",
        description="A judge model says whether the answer means the golden one.",
        options=_SAMPLES,
        requires_eval_set=True,
    ),
    _rubric(
        name="rubric_based_final_response_quality_v1",
        category="quality",
        description="A judge model checks the answer against rubrics.",
    ),
    _judged(
        name="hallucinations_v1",
        category="safety",
        description="A judge model looks for claims without support in the trace.",
    ),
    _rubric(
        name="rubric_based_tool_use_quality_v1",
        category="quality",
        description="A judge model checks the tool calls against rubrics.",
    ),
    _judged(
        name="per_turn_user_simulator_quality_v1",
        category="simulation",
        description="A judge model says whether a simulated user keeps to its plan.",
        options=_SAMPLES,
        lack=Lack(
            code="scenario_required",
            text="conversation_scenario is needed by this metric.",
        ),
        listed=False,  # few traces are of simulated users
    ),
    _rubric(
        name="rubric_based_multi_turn_trajectory_quality_v1",
        category="multi-turn",
        description="A judge model checks the whole conversation against rubrics.",
    ),
    _efficiency(
        name="tool_call_count_v1", description="Tool calls in a turn, on average."
    ),
    _efficiency(
        name="inference_call_count_v1",
        description="Model calls in a turn, on average.",
    ),
    _efficiency(name="token_usage_v1", description="Tokens of a turn, on average."),
    _efficiency(
        name="invocation_duration_v1",
        description="Seconds that a turn takes, on average.",
    ),
)

_OURS = (
    _trajectory(
        name="tool_trajectory_subset",
        description="Share of the calls made that were expected.",
        default_threshold=1.0,
    ),
    _trajectory(
        name="tool_trajectory_superset",
        description="Share of the expected calls that were made.",
        default_threshold=1.0,
    ),
    _trajectory(
        name="tool_trajectory_f1",
        description="Balance of expected calls made and made calls expected.",
    ),
    _trajectory(
        name="tool_trajectory_edit_similarity",
        description="How few edits turn the calls made into the expected ones.",
    ),
    Metric(
        name="exact_match",
        category="response",
        description="Share of answers that equal the golden answer.",
        requires_eval_set=True,
        options=("ignore_case", "ignore_white_space"),
    ),
    Metric(
        name="contains",
        category="response",
        description="Share of the given texts that the answers contain.",
        default_threshold=1.0,
        options=("texts", "ignore_case"),
        required_options=("texts",),
    ),
    Metric(
        name="json_match",
        category="response",
        description="Share of answers that are the golden answer's JSON.",
        requires_eval_set=True,
        options=_ARGUMENTS,
    ),
    Metric(
        name="tool_error_rate",
        category="trajectory",
        description="Share of tool calls that failed; lower is better.",
        better="lower",
        default_threshold=0.0,
    ),
    _tools(
        name="forbidden_tools",
        description="Share of turns that call none of the given tools.",
    ),
    _tools(
        name="required_tools",
        description="Share of the given tools that the conversation calls.",
    ),
    Metric(
        name="loop_detection",
        category="trajectory",
        description="Share of turns that do not repeat the same calls in a loop.",
        default_threshold=1.0,
        options=("max_repeats",),
    ),
    _judged(
        name="llm_judge",
        category="quality",
        description="A judge model chooses a verdict by your instructions.",
        options=(*_SAMPLES, "instructions", "choices"),
        required_options=("instructions",),
    ),
    _efficiency(
        name="cost_usd",
        description="US dollars of a conversation's model calls.",
        options=("max", "prices"),
        required_options=("prices",),
    ),
)

METRICS: Mapping[str, Metric] = {metric.name: metric for metric in (*_CONTRACT, *_OURS)}
