from __future__ import annotations

import pytest

from evaluation.conversation.model import ToolCall
from evaluation.metrics.trajectory import TrajectoryTooLongError
from tests.evaluation.building import call, golden, measure, turn


@pytest.mark.parametrize(
    ("metric", "expected", "actual", "score"),
    [
        ("tool_trajectory_subset", "a b", "a", 1.0),
        ("tool_trajectory_subset", "a", "a x", 0.5),
        ("tool_trajectory_subset", "a", "", None),
        ("tool_trajectory_superset", "a", "a x", 1.0),
        ("tool_trajectory_superset", "a b", "b", 0.5),
        ("tool_trajectory_superset", "", "a", None),
        ("tool_trajectory_f1", "a b", "b a", 1.0),
        ("tool_trajectory_f1", "a b", "b c", 0.5),
        ("tool_trajectory_f1", "", "", 1.0),
        ("tool_trajectory_f1", "", "a", 0.0),
        ("tool_trajectory_edit_similarity", "a b c", "a x c", 1 - 1 / 3),
        ("tool_trajectory_edit_similarity", "a b c", "a c", 1 - 1 / 3),
        ("tool_trajectory_edit_similarity", "a", "x y a z", 0.25),
        ("tool_trajectory_edit_similarity", "a b", "b a", 0.0),
        ("tool_trajectory_edit_similarity", "", "", 1.0),
        ("tool_trajectory_edit_similarity", "a", "", 0.0),
    ],
)
def test_partial_agreement_gives_a_share(
    metric: str, expected: str, actual: str, score: float | None
) -> None:
    measured = measure(metric, [turn(tools=actual)], [golden(tools=expected)])

    assert measured.score == score


@pytest.mark.parametrize(
    ("metric", "options"),
    [
        ("tool_trajectory_edit_similarity", {}),
        ("tool_trajectory_f1", {"arguments": "subset"}),
    ],
)
def test_trajectories_that_nobody_can_align_are_an_error_not_a_score(
    metric: str, options: dict[str, str]
) -> None:
    actual = [call("a", {"n": i}) for i in range(1_500)]
    expected: list[ToolCall] = [call("b", {"n": i}) for i in range(1_500)]

    with pytest.raises(TrajectoryTooLongError, match="1,000,000 comparisons"):
        measure(metric, [turn(tools=actual)], [golden(tools=expected)], **options)


def test_long_trajectories_with_equality_are_paired_in_linear_time() -> None:
    actual = [call("a", {"n": i}) for i in range(20_000)]

    measured = measure(
        "tool_trajectory_f1", [turn(tools=actual)], [golden(tools=actual[::-1])]
    )

    assert measured.score == 1.0


def test_long_trajectories_that_agree_at_both_ends_are_aligned() -> None:
    actual = [call("a", {"n": i}) for i in range(3_000)]
    expected = [*actual[:1_000], *actual[1_001:]]

    measured = measure(
        "tool_trajectory_edit_similarity",
        [turn(tools=actual)],
        [golden(tools=expected)],
    )

    assert measured.score == 1 - 1 / 3_000
