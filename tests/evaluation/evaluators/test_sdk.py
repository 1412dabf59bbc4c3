"""What evaluators in Python are given to write with."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

import agentevals_evaluator_sdk as sdk
from agentevals_evaluator_sdk import EvalInput, EvalResult, EvalStatus, InvocationData
from tests.evaluation.evaluators.running import Workshop

HEAD = "from agentevals_evaluator_sdk import *\n@evaluator\n"
TAIL = "\nmine.run()"
INPUT: dict[str, Any] = {
    "metric_name": "mine",
    "invocations": [
        {
            "user_content": "hello",
            "intermediate_steps": {
                "tool_calls": [{"name": "search", "args": {"q": 1}}]
            },
        }
    ],
    "some_new_key": True,
}


def ran(body: str, text: str = json.dumps(INPUT)) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HEAD + body + TAIL],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contract_s_names_are_there() -> None:
    assert set(sdk.__all__) == {
        "EvalInput",
        "EvalResult",
        "EvalStatus",
        "IntermediateStepData",
        "InvocationData",
        "ToolCallData",
        "ToolResponseData",
        "evaluator",
    }


def test_an_input_is_read_with_its_defaults() -> None:
    data = EvalInput(**INPUT)

    assert (data.protocol_version, data.threshold, data.config) == ("1.0", 0.5, {})
    assert data.expected_invocations is None
    (turn,) = data.invocations
    assert isinstance(turn, InvocationData)
    assert (turn.user_content, turn.final_response) == ("hello", None)
    assert turn.intermediate_steps.tool_calls[0].args == {"q": 1}
    assert turn.intermediate_steps.tool_responses == []


def test_what_is_not_given_is_nobody_else_s() -> None:
    first, second = InvocationData(), InvocationData()

    first.intermediate_steps.tool_calls.append(sdk.ToolCallData(name="search"))

    assert second.intermediate_steps.tool_calls == []


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan"), "no", None])
def test_a_score_that_is_none_is_refused(score: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        EvalResult(score=score)


def test_a_result_without_a_score_is_refused() -> None:
    with pytest.raises(ValueError, match="'score'"):
        EvalResult()


def test_a_status_is_one_of_three() -> None:
    assert EvalResult(score=1, status="FAILED").status is EvalStatus.FAILED
    with pytest.raises(ValueError, match="failed"):
        EvalResult(score=1, status="failed")


def test_a_decorated_function_can_be_called() -> None:
    @sdk.evaluator
    def mine(data: EvalInput) -> EvalResult:
        return EvalResult(score=data.threshold)

    assert mine(EvalInput(metric_name="mine")) == EvalResult(score=0.5)


@pytest.mark.parametrize(
    "body",
    [
        "def mine(data): return EvalResult(score=1, per_invocation_scores=[1, None])",
        "async def mine(data): return EvalResult(score=1, per_invocation_scores=[1, None])",
    ],
    ids=["plain", "async"],
)
def test_a_program_writes_its_result(body: str) -> None:
    done = ran(body)

    assert json.loads(done.stdout) == {
        "score": 1.0,
        "status": None,
        "per_invocation_scores": [1, None],
        "details": None,
    }


def test_what_is_printed_does_not_spoil_the_result() -> None:
    done = ran(
        "def mine(data):\n"
        " import os\n"
        " print('thinking'); os.system('echo deeply')\n"
        " return EvalResult(score=1, status=EvalStatus.PASSED, explanation='why')"
    )

    assert json.loads(done.stdout)["status"] == "PASSED"
    assert json.loads(done.stdout)["explanation"] == "why"
    assert "thinking" in done.stderr
    assert "deeply" in done.stderr


@pytest.mark.parametrize(
    ("body", "text", "reason"),
    [
        ("def mine(data): ...", "  ", "nothing on stdin"),
        ("def mine(data): ...", "{", "cannot be read"),
        ("def mine(data): ...", "[]", "must be an object"),
        ("def mine(data): ...", "{}", "'metric_name'"),
        ("def mine(data): ...", json.dumps(INPUT), "got NoneType"),
        ("def mine(data): 1 / 0", json.dumps(INPUT), "ZeroDivisionError"),
    ],
)
def test_a_program_that_fails_says_why(body: str, text: str, reason: str) -> None:
    done = ran(body, text)

    assert (done.returncode, done.stdout) == (1, "")
    assert reason in done.stderr


def test_an_unknown_protocol_is_warned_of() -> None:
    done = ran(
        "def mine(data): return EvalResult(score=1)",
        json.dumps({**INPUT, "protocol_version": "2.0"}),
    )

    assert done.returncode == 0
    assert "protocol 2.0" in done.stderr


def test_the_sdk_imports_nothing_heavy() -> None:
    code = "import sys, agentevals_evaluator_sdk; print(*sys.modules, sep=',')"

    # Without site: what is installed beside us may import what it likes.
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True
    )

    modules = set(done.stdout.strip().split(","))
    assert not modules & {"asyncio", "dataclasses", "inspect", "msgspec", "pydantic"}


def test_an_evaluator_finds_the_sdk(shop: Workshop) -> None:
    result = shop.result(
        HEAD
        + "def mine(data):\n"
        + " calls = [len(i.intermediate_steps.tool_calls) for i in data.invocations]\n"
        + " return EvalResult(score=1, details={'calls': calls})"
        + TAIL,
        protocol="1.1",
    )

    assert result.error is None
    assert result.details == {"calls": [1, 0]}
