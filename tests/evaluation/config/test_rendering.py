from __future__ import annotations

import msgspec
import pytest

from evaluation.config import parse_config, with_overrides
from evaluation.config.rendering import to_document
from evaluation.values import JSONObject


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"metrics": ["response_match_score"]}, id="names"),
        pytest.param(
            {"metrics": ["tool_trajectory_avg_score"], "threshold": 0.8},
            id="a threshold for all",
        ),
        pytest.param(
            {
                "case_fallback": "first",
                "trace_format": "otlp-json",
                "max_concurrent_evals": 2,
                "max_judge_calls": 7,
                "max_cost_usd": 0.5,
                "evaluators": [
                    {
                        "name": "order",
                        "type": "builtin",
                        "metric": "tool_trajectory_avg_score",
                        "trajectory_match_type": "IN_ORDER",
                        "threshold": 1,
                    },
                    {"name": "token_usage_v1", "type": "builtin", "max": 900},
                    {"name": "forbidden_tools", "type": "builtin", "tools": ["rm"]},
                    {"name": "mine", "type": "remote", "ref": "a/b.py"},
                    {
                        "name": "near",
                        "type": "openai_eval",
                        "grader": {
                            "type": "text_similarity",
                            "evaluation_metric": "bleu",
                        },
                    },
                ],
            },
            id="entries of every type",
        ),
    ],
)
def test_what_was_written_is_read_as_the_same_configuration(
    document: JSONObject,
) -> None:
    config = parse_config(document)

    again = parse_config(to_document(config))

    assert again == msgspec.structs.replace(config, uses_default=False)


def test_what_the_command_line_says_is_written_too() -> None:
    config = with_overrides(
        parse_config({}),
        metrics=["tool_trajectory_avg_score", "token_usage_v1"],
        threshold=0.9,
        trajectory_match_type="ANY_ORDER",
    )

    again = parse_config(to_document(config))

    assert again == config
