from __future__ import annotations

import pytest

from evaluation.metrics.builtin.cost_usd import PriceMissingError
from tests.evaluation.building import measure, model_call, turn

PRICES = {"small": {"input": 2.0, "output": 10.0, "cache_read": 0.5}}


def test_tool_calls_are_averaged_over_turns() -> None:
    measured = measure("tool_call_count_v1", [turn(tools="a b"), turn()])

    assert measured.score == 1.0
    assert measured.per_invocation == [2.0, 0.0]


def test_model_calls_are_averaged_over_turns() -> None:
    turns = [turn(model_calls=(model_call(), model_call())), turn()]

    assert measure("inference_call_count_v1", turns).score == 1.0


def test_a_trace_without_model_calls_did_not_record_them() -> None:
    measured = measure("inference_call_count_v1", [turn()])

    assert measured.score is None
    assert measured.per_invocation == [None]


def test_tokens_of_input_and_output_are_added() -> None:
    turns = [turn(model_calls=(model_call(input=100, output=10), model_call(output=5)))]

    measured = measure("token_usage_v1", turns)

    assert measured.score == 115.0
    assert measured.explanation["turns"][0]["input_tokens"] == 100


@pytest.mark.parametrize(
    ("silent", "score"),
    [(model_call(), None), (model_call(error="timeout"), 11.0)],
    ids=["succeeded", "failed"],
)
def test_a_call_without_tokens_hides_the_sum_unless_it_failed(
    silent: object, score: float | None
) -> None:
    turns = [turn(model_calls=(model_call(input=10, output=1), silent))]

    assert measure("token_usage_v1", turns).score == score


def test_durations_are_averaged_over_finished_turns() -> None:
    turns = [
        turn(started_ns=0, ended_ns=1_500_000_000),
        turn(started_ns=0, ended_ns=None),
    ]

    measured = measure("invocation_duration_v1", turns)

    assert measured.score == 1.5
    assert measured.per_invocation == [1.5, None]


def test_costs_are_summed_by_kind_of_token() -> None:
    called = model_call(input=1_000_000, output=100_000, cache_read=400_000)

    measured = measure("cost_usd", [turn(model_calls=(called,))], prices=PRICES)

    assert measured.score == pytest.approx(0.6 * 2 + 0.4 * 0.5 + 0.1 * 10)


def test_a_version_behind_the_name_finds_the_price() -> None:
    called = model_call("small-2025-04-14", input=1_000_000, output=0)

    measured = measure("cost_usd", [turn(model_calls=(called,))], prices=PRICES)

    assert measured.score == 2.0


def test_the_longest_name_wins() -> None:
    prices = PRICES | {"small-pro": {"input": 7.0, "output": 7.0}}
    called = model_call("small-pro-2", input=1_000_000)

    measured = measure("cost_usd", [turn(model_calls=(called,))], prices=prices)

    assert measured.score == 7.0


def test_a_turn_without_tokens_leaves_the_cost_unknown() -> None:
    turns = [
        turn(model_calls=(model_call(input=1),)),
        turn(model_calls=(model_call(),)),
    ]

    measured = measure("cost_usd", turns, prices=PRICES)

    assert measured.score is None
    assert measured.explanation["turns_without_tokens"] == 1


def test_a_model_without_a_price_is_an_error_that_names_it() -> None:
    turns = [turn(model_calls=(model_call("large", input=1),))]

    with pytest.raises(PriceMissingError, match=r"'large'.*knows small"):
        measure("cost_usd", turns, prices=PRICES)
