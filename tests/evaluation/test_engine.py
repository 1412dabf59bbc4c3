from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from evaluation.capabilities import Capabilities
from evaluation.config import EvaluationConfig, EvaluatorSpec, parse_config
from evaluation.conversation.model import Conversation
from evaluation.engine import evaluate
from evaluation.errors import EvaluationError
from evaluation.eval_sets import EvalCase, EvalSet, Rubric
from evaluation.judging.model import Failure, Question, Reply
from evaluation.metrics.metric import Metric
from evaluation.metrics.model import Measurement, Task
from evaluation.outcome import MetricResult, TraceResult
from tests.evaluation.building import (
    config,
    conversation,
    eval_set,
    golden,
    model_call,
    ticking,
    turn,
)
from tests.evaluation.metrics.judged.fakes import FakeJudge

TRAJECTORY = "tool_trajectory_avg_score"
RESPONSE = "response_match_score"
REQUIRES = (
    "Metric '{}' requires expected invocations (golden eval set), "
    "but none were provided or matched."
)


class RefusedError(EvaluationError):
    code = "refused"


def _replace_measure(
    monkeypatch: pytest.MonkeyPatch, measured: Measurement | Exception
) -> None:
    def measure(task: Task) -> Measurement:
        if isinstance(measured, Exception):
            raise measured
        return measured

    monkeypatch.setattr(Metric, "load", lambda self: measure)


def _only(
    of: Conversation, golden_data: EvalSet | None, how: EvaluationConfig
) -> MetricResult:
    result = evaluate([of], eval_set=golden_data, config=how, now=ticking())
    return result.trace_results[0].metric_results[0]


def test_results_come_in_requested_order_with_status_and_duration() -> None:
    result = evaluate(
        [conversation(turn(answer="hi there", tools="a"))],
        eval_set=eval_set([golden(answer="hi", tools="b")]),
        config=config(RESPONSE, TRAJECTORY, "tool_call_count_v1"),
        now=ticking(0.25),
    )

    found = result.trace_results[0].metric_results
    assert [r.metric_name for r in found] == [
        RESPONSE,
        TRAJECTORY,
        "tool_call_count_v1",
    ]
    assert [r.eval_status for r in found] == ["PASSED", "FAILED", "NOT_EVALUATED"]
    assert [r.score for r in found] == [pytest.approx(2 / 3), 0.0, 1.0]
    assert [r.duration_ms for r in found] == [250.0, 250.0, 250.0]
    assert [r.error for r in found] == [None, None, None]


@pytest.mark.parametrize(
    ("threshold", "status"),
    [
        (0.6666666666666666, "PASSED"),
        (0.6666666666666667, "FAILED"),
        (None, "PASSED"),
        (0.0, "PASSED"),
        (1.0, "FAILED"),
    ],
)
def test_a_score_passes_at_its_threshold(threshold: float | None, status: str) -> None:
    turns = [turn(tools="a"), turn(tools="a"), turn(tools="x")]
    expected = [golden(tools="a")] * 3

    result = _only(
        conversation(*turns),
        eval_set(expected),
        config({"name": TRAJECTORY, "threshold": threshold}),
    )

    assert result.eval_status == status


@pytest.mark.parametrize(("threshold", "status"), [(None, "FAILED"), (0.5, "PASSED")])
def test_where_lower_is_better_a_score_passes_below(
    threshold: float | None, status: str
) -> None:
    tools = [
        *turn(tools="a").tool_calls,
        *(c for c in turn(tools="b").tool_calls),
    ]
    failing = conversation(
        turn(tools=[tools[0], type(tools[0])(name="b", args={}, error="no")])
    )

    result = _only(
        failing, None, config({"name": "tool_error_rate", "threshold": threshold})
    )

    assert (result.score, result.eval_status) == (0.5, status)


@pytest.mark.parametrize(
    ("bound", "status"), [(2, "PASSED"), (1.9, "FAILED"), (None, "NOT_EVALUATED")]
)
def test_an_efficiency_metric_passes_up_to_its_bound(
    bound: float | None, status: str
) -> None:
    entry = {"name": "tool_call_count_v1", **({"max": bound} if bound else {})}

    result = _only(conversation(turn(tools="a b")), None, config(entry))

    assert result.eval_status == status
    assert result.explanation is not None
    assert result.explanation["threshold"] == bound


def test_every_result_explains_itself() -> None:
    result = _only(
        conversation(turn("hello", tools="a")),
        eval_set([golden("hello", tools="b")], [golden("bye")]),
        config(
            {"name": TRAJECTORY, "threshold": 0.9, "trajectoryMatchType": "IN_ORDER"}
        ),
    )

    told = result.explanation
    assert told is not None
    assert told["threshold"] == 0.9
    assert (told["case_id"], told["case_match"]) == ("case_0", "user_text")
    assert told["match_type"] == "IN_ORDER"
    assert told["turns"][0]["missing_calls"] == ["b"]
    assert told["missing_turns"] == []


def test_a_trace_says_which_case_it_was_compared_with() -> None:
    result = evaluate(
        [conversation(turn())],
        eval_set=eval_set([golden()]),
        config=config(TRAJECTORY),
        now=ticking(),
    )

    trace = result.trace_results[0]
    assert (trace.eval_case_id, trace.eval_case_match) == ("case_0", "single_case")


@pytest.mark.parametrize(
    ("golden_data", "code", "more"),
    [
        (None, "no_eval_set", ""),
        (eval_set(), "no_matching_case", ""),
        (eval_set([]), "no_conversation", ""),
        (
            eval_set([golden("a")], [golden("b")]),
            "no_matching_case",
            " None of the 2 cases starts with the user text 'hello'.",
        ),
        (
            eval_set([golden("hello")], [golden("hello", tools="x")]),
            "ambiguous_case",
            " The cases 'case_0', 'case_1' start with the same user text; "
            "let the trace name its case.",
        ),
    ],
    ids=["no eval set", "no cases", "empty case", "no match", "ambiguous"],
)
def test_a_metric_without_its_golden_data_is_errored_with_the_reason(
    golden_data: EvalSet | None, code: str, more: str
) -> None:
    result = _only(conversation(turn("hello")), golden_data, config(TRAJECTORY))

    assert result.error == REQUIRES.format(TRAJECTORY) + more
    assert (result.error_code, result.status) == (code, "errored")
    assert result.score is None
    assert result.per_invocation_scores == []


def test_the_first_case_is_used_when_the_configuration_says_so() -> None:
    result = _only(
        conversation(turn("hello", tools="a")),
        eval_set([golden("x", tools="a")], [golden("y")]),
        config(TRAJECTORY, caseFallback="first"),
    )

    assert result.eval_status == "PASSED"
    assert result.explanation is not None
    assert result.explanation["case_match"] == "first_case"


def test_an_unknown_metric_costs_only_its_own_result() -> None:
    result = evaluate(
        [conversation(turn())],
        eval_set=eval_set([golden()]),
        config=parse_config(
            {"metrics": ["nope", TRAJECTORY]}, allow_unknown_metrics=True
        ),
        now=ticking(),
    )

    unknown, known = result.trace_results[0].metric_results
    assert unknown.error == "nope not found in registry."
    assert known.eval_status == "PASSED"


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (
            EvaluatorSpec(name="mine", type="code", options={"path": "/nowhere.py"}),
            "evaluator_not_allowed",
        ),
        (
            EvaluatorSpec(name="mine", type="remote", options={"ref": "x.py"}),
            "evaluator_not_allowed",
        ),
        (EvaluatorSpec(name="mine", type="openai_eval"), "evaluator_retired"),
    ],
)
def test_an_evaluator_that_cannot_be_run_costs_only_its_own_result(
    spec: EvaluatorSpec, code: str
) -> None:
    wanted = EvaluationConfig(
        evaluators=(spec, EvaluatorSpec(name=TRAJECTORY, metric=TRAJECTORY))
    )

    result = evaluate(
        [conversation(turn())],
        eval_set=eval_set([golden()]),
        config=wanted,
        now=ticking(),
    )

    refused, measured = result.trace_results[0].metric_results
    assert refused.error_code == code
    assert refused.error is not None
    assert "'mine'" in refused.error
    assert refused.evaluator_type == spec.type
    assert measured.eval_status == "PASSED"


@pytest.mark.parametrize(
    ("metric", "code"),
    [
        ("hallucinations_v1", "judge_unavailable"),
        ("final_response_match_v2", "judge_unavailable"),
        ("safety_v1", "vertex_unavailable"),
        ("response_evaluation_score", "vertex_unavailable"),
        ("rubric_based_tool_use_quality_v1", "rubrics_required"),
        ("per_turn_user_simulator_quality_v1", "scenario_required"),
    ],
)
def test_a_metric_that_lacks_what_it_needs_is_errored_never_passed(
    metric: str, code: str
) -> None:
    result = _only(conversation(turn()), eval_set([golden()]), config(metric))

    assert (result.status, result.error_code) == ("errored", code)
    assert result.error


def test_rubrics_of_the_case_count() -> None:
    rubric = Rubric(rubric_id="r", text="polite")
    case = EvalCase(case_id="c", turns=(golden(),), rubrics=(rubric,))

    result = _only(
        conversation(turn()),
        EvalSet(eval_set_id="s", cases=(case,)),
        config("rubric_based_tool_use_quality_v1"),
    )

    assert result.error_code == "judge_unavailable"


@pytest.mark.parametrize(
    ("fault", "code", "text"),
    [
        (ValueError("broken"), "metric_failed", "ValueError: broken"),
        (RecursionError(), "metric_failed", "RecursionError: "),
        (RefusedError("said no"), "refused", "said no"),
        (RefusedError(""), "refused", "refused"),
    ],
    ids=["exception", "without a text", "of ours", "of ours without a text"],
)
def test_an_exception_in_a_metric_is_its_errored_result(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, code: str, text: str
) -> None:
    _replace_measure(monkeypatch, fault)

    result = _only(conversation(turn()), None, config("tool_error_rate"))

    assert (result.status, result.error_code, result.error) == ("errored", code, text)
    assert result.score is None


@pytest.mark.parametrize(
    "measured",
    [
        Measurement(score=math.nan),
        Measurement(score=math.inf),
        Measurement(score=1.0, per_invocation=[-math.inf]),
    ],
    ids=["nan", "infinity", "in a turn"],
)
def test_a_score_that_is_no_number_is_an_error(
    monkeypatch: pytest.MonkeyPatch, measured: Measurement
) -> None:
    _replace_measure(monkeypatch, measured)

    result = _only(conversation(turn()), None, config("tool_error_rate"))

    assert (result.status, result.error_code) == ("errored", "invalid_score")
    assert result.score is None


def test_a_measurement_of_nothing_is_skipped_not_failed() -> None:
    result = _only(conversation(turn()), None, config("tool_error_rate"))

    assert (result.score, result.status) == (None, "skipped")


def test_a_trace_without_turns_has_one_errored_result() -> None:
    result = evaluate(
        [conversation()],
        eval_set=eval_set([golden()]),
        config=config(TRAJECTORY, RESPONSE),
        now=ticking(),
    )

    only = result.trace_results[0].metric_results
    assert [r.metric_name for r in only] == ["(all)"]
    assert only[0].error == "No invocations extracted from trace."
    assert only[0].status == "errored"


def test_no_trace_at_all_is_an_error_of_the_run() -> None:
    result = evaluate([], eval_set=None, config=config(TRAJECTORY), now=ticking())

    assert result.errors == ["No traces loaded."]
    assert result.trace_results == []


def test_two_traces_with_one_id_keep_their_own_numbers() -> None:
    twice = [
        Conversation(
            trace_id="same",
            invocations=(turn(tools=tools),),
            warnings=(tools,),
            performance=None,
        )
        for tools in ("a", "b")
    ]

    result = evaluate(
        twice,
        eval_set=eval_set([golden(tools="a")]),
        config=config(TRAJECTORY),
        now=ticking(),
    )

    assert [t.conversion_warnings for t in result.trace_results] == [["a"], ["b"]]
    assert [t.metric_results[0].score for t in result.trace_results] == [1.0, 0.0]


def test_units_that_are_done_are_skipped() -> None:
    result = evaluate(
        [conversation(turn(), trace_id="t1"), conversation(trace_id="t2")],
        eval_set=eval_set([golden()]),
        config=config(TRAJECTORY, RESPONSE),
        now=ticking(),
        done={("t1", TRAJECTORY), ("t2", "(all)")},
    )

    first, second = result.trace_results
    assert [r.metric_name for r in first.metric_results] == [RESPONSE]
    assert second.metric_results == []


def test_every_result_is_told_with_a_snapshot_of_its_trace() -> None:
    seen: list[tuple[TraceResult, MetricResult]] = []

    result = evaluate(
        [conversation(turn())],
        eval_set=eval_set([golden()]),
        config=config(TRAJECTORY, RESPONSE),
        now=ticking(),
        on_result=lambda trace, metric: seen.append((trace, metric)),
    )

    assert [len(trace.metric_results) for trace, _ in seen] == [1, 2]
    assert [metric for _, metric in seen] == result.trace_results[0].metric_results
    assert seen[1][0] == result.trace_results[0]


def test_progress_is_told_in_the_contracts_words() -> None:
    told: list[str] = []

    evaluate(
        [
            conversation(turn(), trace_id="0123456789abcdef"),
            conversation(turn(), trace_id="b"),
        ],
        eval_set=None,
        config=config(TRAJECTORY),
        now=ticking(),
        on_progress=told.append,
    )

    assert told == [
        "Evaluating 2 traces...",
        "Trace 1/2: 0123456789ab...",
        f"Running {TRAJECTORY}...",
        "Trace 2/2: b",
        f"Running {TRAJECTORY}...",
        "Evaluation complete",
    ]


def test_a_clock_that_goes_back_gives_no_negative_duration() -> None:
    times: Iterator[float] = iter([5.0, 4.0])

    result = evaluate(
        [conversation(turn())],
        eval_set=None,
        config=config(TRAJECTORY),
        now=lambda: next(times),
    )

    assert result.trace_results[0].metric_results[0].duration_ms == 0.0


def test_costs_pass_by_a_bound_and_are_unknown_without_tokens() -> None:
    prices = {"small": {"input": 1.0, "output": 1.0}}
    entry = {"name": "cost_usd", "prices": prices, "max": 3.0}
    costly = conversation(turn(model_calls=(model_call(input=4_000_000),)))
    unknown = conversation(turn(model_calls=(model_call(),)))

    assert _only(costly, None, config(entry)).eval_status == "FAILED"
    assert _only(unknown, None, config(entry)).status == "skipped"


VALID = '{"reasoning": "r", "is_the_agent_response_valid": "valid"}'
JUDGED = "final_response_match_v2"


def test_judges_are_asked_about_several_traces_at_once_and_results_keep_their_order() -> (
    None
):
    judge = FakeJudge([VALID])
    traces = [conversation(turn(), trace_id=f"t{i}") for i in range(4)]
    heard: list[tuple[str, str]] = []

    evaluate(
        traces,
        eval_set=eval_set([golden()]),
        config=config(JUDGED, RESPONSE, max_concurrent_evals=3),
        now=ticking(),
        capabilities=Capabilities(judge=judge),
        on_result=lambda trace, metric: heard.append(
            (trace.trace_id, metric.metric_name)
        ),
    )

    assert judge.most_at_once == 3
    assert heard == [(f"t{i}", name) for i in range(4) for name in (JUDGED, RESPONSE)]


def test_traces_are_not_begun_too_long_before_their_turn() -> None:
    judge = FakeJudge([VALID])
    traces = [conversation(turn(), trace_id=f"t{i}") for i in range(6)]

    evaluate(
        traces,
        eval_set=eval_set([golden()]),
        config=config(JUDGED, max_concurrent_traces=2, max_concurrent_evals=5),
        now=ticking(),
        capabilities=Capabilities(judge=judge),
    )

    assert judge.most_at_once == 2


def test_every_answer_of_a_judge_is_told_of() -> None:
    told: list[str] = []

    evaluate(
        [conversation(turn())],
        eval_set=eval_set([golden()]),
        config=config(JUDGED),
        now=ticking(),
        capabilities=Capabilities(judge=FakeJudge([VALID])),
        on_progress=told.append,
    )

    assert told[3:6] == [f"{JUDGED}: judge's answer {i}" for i in (1, 2, 3)]


def test_whoever_stops_an_evaluation_leaves_no_question_open() -> None:
    judge = FakeJudge([VALID])

    def stop(trace: TraceResult, metric: MetricResult) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(
            [conversation(turn(), trace_id=f"t{i}") for i in range(4)],
            eval_set=eval_set([golden()]),
            config=config(JUDGED),
            now=ticking(),
            capabilities=Capabilities(judge=judge),
            on_result=stop,
        )

    assert not judge.open


def test_a_failure_of_one_units_judge_costs_no_other_unit() -> None:
    def says(question: Question) -> str | Reply:
        if "poison" in question.prompt:
            return Failure(kind="bad_request", message="no", calls=1)
        return VALID

    traces = [conversation(turn(answer=text)) for text in ("a", "poison", "b")]

    result = evaluate(
        traces,
        eval_set=eval_set([golden()]),
        config=config(JUDGED),
        now=ticking(),
        capabilities=Capabilities(judge=FakeJudge(says)),
    )

    found = [trace.metric_results[0] for trace in result.trace_results]
    assert [each.score for each in found] == [1.0, None, 1.0]
    assert found[1].error_code == "judge_refused_request"
