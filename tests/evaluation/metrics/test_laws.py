"""What holds for every metric that can measure here, on any conversation."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.conversation.model import Invocation, ToolCall
from evaluation.eval_sets import ExpectedTurn
from evaluation.metrics.metric import Metric
from evaluation.metrics.registry import METRICS
from evaluation.values import JSONObject
from tests.evaluation.building import golden, measure, model_call, turn

MEASURING = [metric for metric in METRICS.values() if metric.lack is None]
PAIRWISE = [
    metric
    for metric in MEASURING
    if metric.requires_eval_set and metric.name != "json_match"
]
SYMMETRIC = [
    "response_match_score",
    "exact_match",
    "tool_trajectory_f1",
    "tool_trajectory_edit_similarity",
]
OPTIONS: dict[str, JSONObject] = {
    "contains": {"texts": ["a", "zzz"]},
    "forbidden_tools": {"tools": ["a"]},
    "required_tools": {"tools": ["a", "b"]},
    "cost_usd": {"prices": {"small": {"input": 1.0, "output": 2.0}}},
}

# Many metrics share these laws; together they see thousands of conversations.
few = settings(max_examples=30)

CALLS = st.lists(
    st.builds(
        ToolCall,
        name=st.sampled_from("ab"),
        args=st.none() | st.dictionaries(st.sampled_from("xy"), st.integers(0, 1)),
        error=st.none() | st.just("failed"),
    ),
    max_size=4,
)
WORDED = st.sampled_from(["1", "a b c", '{"a": 1}', "猫 a"])
ANSWERS = st.none() | st.sampled_from(["", "👍"]) | WORDED
GOLDEN_ANSWERS = st.none() | st.sampled_from(["1", '{"a": 1}', "[]"])
MODEL_CALLS = st.lists(
    st.builds(
        model_call,
        input=st.none() | st.integers(0, 9),
        output=st.none() | st.integers(0, 9),
    ),
    max_size=2,
)
TURNS = st.lists(
    st.builds(
        lambda user, answer, tools, models: turn(
            user, answer, tools, model_calls=tuple(models)
        ),
        st.sampled_from("uvw"),
        ANSWERS,
        CALLS,
        MODEL_CALLS,
    ),
    min_size=1,
    max_size=3,
)
GOLDEN = st.lists(
    st.builds(golden, st.sampled_from("uvw"), GOLDEN_ANSWERS, CALLS),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize("metric", MEASURING, ids=lambda metric: metric.name)
@few
@given(actual=TURNS, expected=GOLDEN)
def test_scores_lie_in_the_range_of_the_metric(
    metric: Metric, actual: list[Invocation], expected: list[ExpectedTurn]
) -> None:
    measured = measure(metric.name, actual, expected, **OPTIONS.get(metric.name, {}))

    low, high = metric.range
    assert len(measured.per_invocation) == len(actual)
    for score in (measured.score, *measured.per_invocation):
        assert score is None or low <= score <= (high if high is not None else score)


@pytest.mark.parametrize("metric", MEASURING, ids=lambda metric: metric.name)
@few
@given(actual=TURNS, expected=GOLDEN)
def test_measuring_twice_gives_the_same(
    metric: Metric, actual: list[Invocation], expected: list[ExpectedTurn]
) -> None:
    options = OPTIONS.get(metric.name, {})

    first = measure(metric.name, actual, expected, **options)

    assert measure(metric.name, actual, expected, **options) == first


@pytest.mark.parametrize("metric", MEASURING, ids=lambda metric: metric.name)
def test_a_turn_in_which_nothing_happened_can_be_measured(metric: Metric) -> None:
    measured = measure(
        metric.name,
        [turn(None, None)],
        [golden("", None)],
        **OPTIONS.get(metric.name, {}),
    )

    assert len(measured.per_invocation) == 1


@pytest.mark.parametrize("metric", PAIRWISE, ids=lambda metric: metric.name)
@few
@given(data=st.data(), tools=CALLS)
def test_what_is_expected_scores_fully(
    metric: Metric, data: st.DataObject, tools: list[ToolCall]
) -> None:
    # Answers without a word share none: the contract's 0.
    answers = WORDED if metric.name == "response_match_score" else ANSWERS
    texts = data.draw(st.lists(answers, min_size=1, max_size=3))
    known = [ToolCall(name=tool.name, args=tool.args or {}) for tool in tools]

    measured = measure(
        metric.name,
        [turn(answer=text, tools=known) for text in texts],
        [golden(answer=text, tools=known) for text in texts],
    )

    assert measured.score in {1.0, None}


@pytest.mark.parametrize("name", SYMMETRIC)
@few
@given(one=TURNS, other=TURNS)
def test_swapping_the_sides_changes_nothing(
    name: str, one: list[Invocation], other: list[Invocation]
) -> None:
    size = min(len(one), len(other))
    one, other = one[:size], other[:size]

    there = measure(name, one, [_as_golden(t) for t in other])
    back = measure(name, other, [_as_golden(t) for t in one])

    assert there.score == pytest.approx(back.score)


@few
@given(actual=TURNS, expected=GOLDEN)
def test_subset_and_superset_are_the_parts_of_f1(
    actual: list[Invocation], expected: list[ExpectedTurn]
) -> None:
    one, wanted = actual[:1], expected[:1]
    precision = measure("tool_trajectory_subset", one, wanted).score
    recall = measure("tool_trajectory_superset", one, wanted).score

    f1 = measure("tool_trajectory_f1", one, wanted).score

    if precision and recall:
        assert f1 == pytest.approx(2 * precision * recall / (precision + recall))


def _as_golden(actual: Invocation) -> ExpectedTurn:
    answer = actual.final_response.text() if actual.final_response else ""
    tools = [ToolCall(name=c.name, args=c.args or {}) for c in actual.tool_calls]
    return golden("u", answer, tools)
