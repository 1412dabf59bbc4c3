from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.config import EvaluatorSpec, parse_config
from evaluation.errors import ConfigError
from evaluation.values import JSON, JSONObject

TRAJECTORY = "tool_trajectory_avg_score"
RESPONSE = "response_match_score"


def test_nothing_asked_for_is_the_default_metric() -> None:
    config = parse_config({})

    assert config.evaluators == (EvaluatorSpec(name=TRAJECTORY, metric=TRAJECTORY),)
    assert config.uses_default
    assert config.case_fallback == "none"


def test_both_shapes_and_both_key_styles_mean_the_same() -> None:
    flat = {
        "metrics": [TRAJECTORY, RESPONSE],
        "threshold": 0.8,
        "trajectoryMatchType": "in_order",
    }
    entries = {
        "evaluators": [
            {
                "name": TRAJECTORY,
                "type": "builtin",
                "threshold": 0.8,
                "trajectory_match_type": "IN_ORDER",
            },
            {"name": RESPONSE, "type": "builtin", "threshold": 0.8},
        ]
    }
    snake = {**flat, "trajectory_match_type": flat["trajectoryMatchType"]}
    del snake["trajectoryMatchType"]

    assert parse_config(flat) == parse_config(entries) == parse_config(snake)


def test_an_entry_wins_over_what_is_said_for_all() -> None:
    config = parse_config(
        {
            "threshold": 0.9,
            "trajectoryMatchType": "EXACT",
            "evaluators": [
                {
                    "name": TRAJECTORY,
                    "type": "builtin",
                    "threshold": 0.2,
                    "trajectoryMatchType": "any_order",
                },
                {"name": RESPONSE, "type": "builtin"},
            ],
        }
    )

    first, second = config.evaluators
    assert (first.threshold, second.threshold) == (0.2, 0.9)
    assert first.options == {"trajectory_match_type": "ANY_ORDER"}


def test_a_threshold_for_all_skips_metrics_on_another_scale() -> None:
    metrics = ["tool_error_rate", "tool_call_count_v1", "response_evaluation_score"]

    config = parse_config({"threshold": 0.9, "metrics": metrics})

    assert [spec.threshold for spec in config.evaluators] == [None, None, None]


def test_a_judge_for_all_reaches_the_metrics_that_ask_one() -> None:
    config = parse_config(
        {"judgeModel": "judge", "metrics": ["hallucinations_v1", RESPONSE]}
    )

    assert [spec.options for spec in config.evaluators] == [
        {"judge_model": "judge"},
        {},
    ]


def test_a_metric_may_run_twice_under_two_names() -> None:
    config = parse_config(
        {
            "evaluators": [
                {"name": TRAJECTORY, "type": "builtin"},
                {
                    "name": "names only",
                    "type": "builtin",
                    "metric": TRAJECTORY,
                    "arguments": "ignore",
                },
            ]
        }
    )

    assert config.evaluators[1] == EvaluatorSpec(
        name="names only", metric=TRAJECTORY, options={"arguments": "ignore"}
    )


def test_options_are_checked_and_kept_in_snake_case() -> None:
    entry = {
        "name": "json_match",
        "type": "builtin",
        "ignoredArgumentFields": ["id"],
        "numericTolerance": 0.5,
        "argumentPatterns": True,
    }

    options = parse_config({"evaluators": [entry]}).evaluators[0].options

    assert options == {
        "ignored_argument_fields": ["id"],
        "numeric_tolerance": 0.5,
        "argument_patterns": True,
    }


def test_evaluators_of_other_types_are_read_with_their_defaults() -> None:
    config = parse_config(
        {
            "metrics": [TRAJECTORY],
            "customEvaluators": [
                {
                    "type": "code",
                    "name": "mine",
                    "path": "./mine.PY",
                    "config": {"Ab_c": 1},
                },
                {"type": "remote", "name": "theirs", "ref": "evaluators/x/x.py"},
                {
                    "type": "openai_eval",
                    "name": "old",
                    "threshold": 1,
                    "grader": {"type": "text_similarity", "evaluation_metric": "bleu"},
                },
                {"name": RESPONSE},
            ],
        }
    )

    _, code, remote, old, builtin = config.evaluators
    assert code == EvaluatorSpec(
        name="mine",
        type="code",
        threshold=0.5,
        options={
            "path": "./mine.PY",
            "timeout": 30,
            "config": {"Ab_c": 1},
            "executor": "local",
            "protocol": "1.0",
        },
    )
    assert (remote.options["source"], remote.options["ref"]) == (
        "github",
        "evaluators/x/x.py",
    )
    assert (old.threshold, old.options["timeout"]) == (1, 120)
    assert builtin.type == "builtin"


def test_the_limits_on_concurrency_are_kept() -> None:
    config = parse_config({"maxConcurrentTraces": 3, "max_concurrent_evals": 4})

    assert (config.max_concurrent_traces, config.max_concurrent_evals) == (3, 4)


def test_rubrics_get_ids() -> None:
    entry = {
        "name": "rubric_based_tool_use_quality_v1",
        "type": "builtin",
        "rubrics": ["polite", {"id": "short", "text": "brief"}],
    }

    options = parse_config({"evaluators": [entry]}).evaluators[0].options

    assert options["rubrics"] == [
        {"id": "rubric_0", "text": "polite"},
        {"id": "short", "text": "brief"},
    ]


def test_an_unknown_metric_may_be_left_to_the_engine() -> None:
    config = parse_config({"metrics": ["nope"]}, allow_unknown_metrics=True)

    assert config.evaluators == (EvaluatorSpec(name="nope", metric="nope"),)


def _builtin(**entry: JSON) -> JSONObject:
    return {"evaluators": [{"type": "builtin", **entry}]}


def _custom(**entry: JSON) -> JSONObject:
    return {"evaluators": [{"name": "x", **entry}]}


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        ([], "", ["must be an object"]),
        (None, "", ["must be an object"]),
        ({"metric": []}, "metric", ["did you mean", "'metrics'"]),
        ({"metrics": []}, "metrics", ["empty"]),
        ({"evaluators": []}, "evaluators", ["empty"]),
        ({"metrics": "a"}, "metrics", ["must be a list"]),
        ({"metrics": [3]}, "metrics[0]", ["must be a string"]),
        ({"metrics": ["response_match"]}, "metrics[0].name", ["'response_match_score'"]),
        ({"metrics": ["zzzzz"]}, "metrics[0].name", ["known are", TRAJECTORY]),
        ({"metrics": [RESPONSE, RESPONSE]}, "metrics[1]", ["twice", "metrics[0]"]),
        ({"metrics": [RESPONSE], "evaluators": [{}]}, "metrics", ["'evaluators'"]),
        ({"customEvaluators": [], "custom_metrics": []}, "custom_metrics", ["keep one"]),
        ({"threshold": 1.5}, "threshold", ["between 0 and 1", "1.5"]),
        ({"threshold": -1}, "threshold", ["0 or more"]),
        ({"threshold": "high"}, "threshold", ["number", '"high"']),
        ({"threshold": True}, "threshold", ["number"]),
        ({"threshold": float("nan")}, "threshold", ["finite"]),
        ({"threshold": 0.5, "Threshold": 1}, "Threshold", ["'threshold'"]),
        ({"judgeModel": "a", "judge_model": "b"}, "judge_model", ["twice"]),
        ({"trajectoryMatchType": "ANY"}, "trajectoryMatchType", ["ANY_ORDER"]),
        ({"caseFallback": "last"}, "caseFallback", ["none, first"]),
        ({"groupBy": "conversation"}, "groupBy", ["auto, trace"]),
        ({"maxConcurrentEvals": 0}, "maxConcurrentEvals", ["at least 1"]),
        ({"evaluators": ["a"]}, "evaluators[0]", ["must be an object"]),
        (
            {"evaluators": [{"name": RESPONSE, "type": "builtin"}, None]},
            "evaluators[1]",
            ["must be an object", "null"],
        ),
        ({"customMetrics": [None]}, "customMetrics[0]", ["must be an object"]),
        ({"maxJudgeCalls": 1.5}, "maxJudgeCalls", ["whole number"]),
        (
            _custom(type="code", path="a\0.py"),
            "evaluators[0].path",
            ["is no path"],
        ),
        ({"evaluators": [{"type": "builtin"}]}, "evaluators[0].name", ["missing"]),
        (_builtin(name=" "), "evaluators[0].name", ["1 to 200"]),
        (_builtin(name="a|b"), "evaluators[0].name", ["without '|'"]),
        (_builtin(name="a\0b"), "evaluators[0].name", ["control characters"]),
        (_builtin(name="a" * 201), "evaluators[0].name", ["1 to 200"]),
        ({"evaluators": [{"name": "x"}]}, "evaluators[0].type", ["must have a 'type'"]),
        (_custom(type="wasm"), "evaluators[0].type", ["wasm", "openai_eval"]),
        (_custom(type=["code"]), "evaluators[0].type", ["no evaluator type"]),
        (_builtin(name=RESPONSE, treshold=1), "evaluators[0].treshold", ["threshold"]),
        (_builtin(name=RESPONSE, threshold=2), "evaluators[0].threshold", ["0 and 1"]),
        (
            _builtin(name="response_evaluation_score", threshold=0.5),
            "evaluators[0].threshold",
            ["between 1 and 5"],
        ),
        (
            _builtin(name="token_usage_v1", threshold=1),
            "evaluators[0].threshold",
            ["give 'max'"],
        ),
        (_builtin(name="token_usage_v1", max=-1), "evaluators[0].max", ["0 or more"]),
        (_builtin(name=TRAJECTORY, max=1), "evaluators[0].max", ["it takes"]),
        (_builtin(name=RESPONSE, rubrics=["a"]), "evaluators[0].rubrics", ["remove it"]),
        (_builtin(name="x", metric="nope"), "evaluators[0].metric", ["no metric"]),
        (_builtin(name="contains"), "evaluators[0].texts", ["missing"]),
        (_builtin(name="contains", texts=[]), "evaluators[0].texts", ["at least one"]),
        (_builtin(name="cost_usd"), "evaluators[0].prices", ["missing"]),
        (
            _builtin(name="cost_usd", prices={"m": {"input": 1}}),
            "evaluators[0].prices.m.output",
            ["missing"],
        ),
        (
            _builtin(name="cost_usd", prices={"m": {"in": 1}}),
            "evaluators[0].prices.m.in",
            ["input, output"],
        ),
        (
            _builtin(name=TRAJECTORY, argumentPatterns="yes"),
            "evaluators[0].argumentPatterns",
            ["true or false"],
        ),
        (
            _builtin(name="rubric_based_tool_use_quality_v1", rubrics=[{"id": "a", "text": "b"}, {"id": "a", "text": "c"}]),
            "evaluators[0].rubrics[1].id",
            ["twice"],
        ),
        (
            _builtin(name="rubric_based_tool_use_quality_v1", rubrics=[{"id": "a", "txt": "b"}]),
            "evaluators[0].rubrics[0].txt",
            ["'id' and 'text'"],
        ),
        (_builtin(name="loop_detection", max_repeats=0), "evaluators[0].max_repeats", ["at least 1"]),
        (_custom(type="code"), "evaluators[0].path", ["required"]),
        (_custom(type="code", path="./x.rb"), "evaluators[0].path", [".py, .js, .ts"]),
        (_custom(type="code", path="x.py", timeout=0), "evaluators[0].timeout", ["at least 1"]),
        (_custom(type="code", path="x.py", executor="k8s"), "evaluators[0].executor", ["local"]),
        (_custom(type="code", path="x.py", threshold=2), "evaluators[0].threshold", ["0 and 1"]),
        (_custom(type="code", path="x.py", pth=1), "evaluators[0].pth", ["'path'"]),
        (_custom(type="remote", ref="../x.py"), "evaluators[0].ref", ["relative"]),
        (_custom(type="remote", ref="/x.py"), "evaluators[0].ref", ["relative"]),
        (_custom(type="remote", ref="x.rb"), "evaluators[0].ref", [".py"]),
        (_custom(type="remote", ref="x.py", sha256="12"), "evaluators[0].sha256", ["64"]),
        (_custom(type="remote", ref="x.py", revision="../x"), "evaluators[0].revision", ["../x"]),
        (_custom(type="remote", ref="x.py", repository="x"), "evaluators[0].repository", ["/"]),
        (_custom(type="remote", ref="x.py", source="web"), "evaluators[0].source", ["github"]),
        (
            _custom(type="openai_eval", grader={"type": "string_check"}),
            "evaluators[0].grader.type",
            ["text_similarity"],
        ),
        (
            _custom(
                type="openai_eval",
                grader={"type": "text_similarity", "evaluation_metric": "rouge_9"},
            ),
            "evaluators[0].grader.evaluation_metric",
            ["rouge_l"],
        ),
    ],
)  # fmt: skip
def test_a_fault_names_key_value_and_cure(
    document: JSON, path: str, words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document)

    assert caught.value.path == path
    assert all(word in str(caught.value) for word in [path, *words])


def test_paths_start_where_the_document_stands() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config({"metrics": []}, path="spec.evalConfig")

    assert caught.value.path == "spec.evalConfig.metrics"


@given(
    document=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "metrics",
                        "evaluators",
                        "name",
                        "type",
                        "threshold",
                        "builtin",
                        "contains",
                        "prices",
                    ]
                )
                | st.text(max_size=3),
                inner | st.sampled_from([TRAJECTORY, "builtin", "code", "cost_usd"]),
                max_size=4,
            )
        ),
        max_leaves=15,
    )
)
def test_any_document_is_a_configuration_or_a_named_fault(document: JSON) -> None:
    try:
        config = parse_config(document)
    except ConfigError:
        return

    assert config.evaluators


def test_a_whole_number_may_be_written_with_a_point() -> None:
    entry = {"name": "x", "type": "code", "path": "a.py", "timeout": 5.0}

    config = parse_config({"evaluators": [entry], "maxJudgeCalls": 7.0})

    timeout = config.evaluators[0].options["timeout"]
    assert (timeout, config.max_judge_calls) == (5, 7)
    assert isinstance(timeout, int)


def test_a_question_ends_as_one() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'metrics'.*[^.]\?$"):
        parse_config({"metric": []})
