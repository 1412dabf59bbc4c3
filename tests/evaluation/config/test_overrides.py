from __future__ import annotations

import pytest

from evaluation.config import parse_config, with_overrides
from evaluation.errors import ConfigError

TRAJECTORY = "tool_trajectory_avg_score"
RESPONSE = "response_match_score"


def test_metrics_are_appended_unless_they_are_there() -> None:
    config = parse_config({"metrics": [RESPONSE]})

    changed = with_overrides(config, metrics=[TRAJECTORY, RESPONSE, TRAJECTORY])

    assert [spec.name for spec in changed.evaluators] == [RESPONSE, TRAJECTORY]


def test_the_default_metric_gives_way() -> None:
    changed = with_overrides(parse_config({}), metrics=[RESPONSE])

    assert [spec.name for spec in changed.evaluators] == [RESPONSE]
    assert not changed.uses_default


def test_nothing_said_changes_nothing() -> None:
    config = parse_config({"metrics": [RESPONSE], "threshold": 0.3})

    assert with_overrides(config) == config


def test_what_is_said_wins_over_entries_where_it_makes_sense() -> None:
    config = parse_config(
        {
            "evaluators": [
                {"name": TRAJECTORY, "type": "builtin", "threshold": 0.2},
                {"name": "tool_error_rate", "type": "builtin", "threshold": 0.1},
                {"name": "mine", "type": "code", "path": "a.py"},
            ]
        }
    )

    changed = with_overrides(
        config, threshold=0.7, trajectory_match_type="in_order", judge_model="j"
    )

    assert [spec.threshold for spec in changed.evaluators] == [0.7, 0.1, 0.5]
    assert changed.evaluators[0].options == {"trajectory_match_type": "IN_ORDER"}
    assert changed.evaluators[1].options == {}


def test_added_metrics_take_what_is_said() -> None:
    changed = with_overrides(parse_config({}), metrics=[RESPONSE], threshold=0.7)

    assert changed.evaluators[0].threshold == 0.7


def test_an_unknown_metric_is_left_to_the_engine_when_allowed() -> None:
    changed = with_overrides(
        parse_config({}), metrics=["nope"], threshold=0.7, allow_unknown_metrics=True
    )

    assert with_overrides(changed, threshold=0.1).evaluators[0].metric == "nope"
    with pytest.raises(ConfigError, match="nope"):
        with_overrides(parse_config({}), metrics=["nope"])


@pytest.mark.parametrize("threshold", [1.5, -0.1, float("nan")])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigError, match="threshold"):
        with_overrides(parse_config({}), threshold=threshold)
