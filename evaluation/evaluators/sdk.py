"""The evaluator's side of the protocol: types, and a decorator that makes a program.

Standard library only, so that an evaluator starts quickly::

    @evaluator
    def concise(data: EvalInput) -> EvalResult: ...

    if __name__ == "__main__":
        concise.run()
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Any, ClassVar, NoReturn, Protocol

MAJOR_VERSION = "1"


class EvalStatus(StrEnum):
    """A verdict that does not come from the threshold."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_EVALUATED = "NOT_EVALUATED"


class _Record:
    """Fields given by name. Unknown ones are ignored: newer protocols add some."""

    nested: ClassVar[dict[str, type[_Record]]] = {}

    def __init__(self, **given: Any) -> None:
        for name in self._names():
            if name in given:
                value = self._read(name, given[name])
            elif hasattr(type(self), name):
                value = getattr(type(self), name)
                value = value.copy() if isinstance(value, dict | list) else value
            else:
                raise ValueError(f"{type(self).__name__} needs {name!r}")
            setattr(self, name, value)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]  # its fields can be changed

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"

    def model_dump(self) -> dict[str, Any]:
        """Return the fields as JSON's values."""
        return {name: _plain(value) for name, value in vars(self).items()}

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in cls.__annotations__ if name != "nested"]

    def _read(self, name: str, value: Any) -> Any:
        kind = self.nested.get(name)
        if kind is None or value is None:
            return value
        if isinstance(value, list):
            return [kind._of(item) for item in value]
        return kind._of(value)

    @classmethod
    def _of(cls, value: Any) -> Any:
        if isinstance(value, cls):
            return value
        if not isinstance(value, dict):
            raise TypeError(f"{cls.__name__} must be an object, got {value!r}")
        return cls(**value)


class ToolCallData(_Record):
    """A tool that the agent called. ``id`` is known in protocol 1.1."""

    name: str
    args: dict[str, Any] = {}
    id: str | None = None


class ToolResponseData(_Record):
    """What a tool answered.

    ``output`` is text. Protocol 1.1 has the value itself as ``response``, and ``status``
    is "error" where the tool failed.
    """

    name: str
    output: str = ""
    status: str | None = None
    id: str | None = None
    response: Any = None


class IntermediateStepData(_Record):
    """What happened between a question and its answer."""

    nested = {"tool_calls": ToolCallData, "tool_responses": ToolResponseData}

    tool_calls: list[ToolCallData] = []
    tool_responses: list[ToolResponseData] = []


class InvocationData(_Record):
    """One turn. ``final_response`` is None when there was none."""

    nested = {"intermediate_steps": IntermediateStepData}

    invocation_id: str = ""
    user_content: str = ""
    final_response: str | None = None
    intermediate_steps: IntermediateStepData
    performance_metrics: dict[str, Any] | None = None
    trace_id: str | None = None
    span_id: str | None = None

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"intermediate_steps": {}, **given})


class EvalInput(_Record):
    """What an evaluator is given; ``expected_invocations`` is None without a case."""

    nested = {"invocations": InvocationData, "expected_invocations": InvocationData}

    protocol_version: str = "1.0"
    metric_name: str
    threshold: float = 0.5
    config: dict[str, Any] = {}
    invocations: list[InvocationData] = []
    expected_invocations: list[InvocationData] | None = None
    trace_id: str | None = None
    performance_metrics: dict[str, Any] | None = None


class EvalResult(_Record):
    """What an evaluator says: a score from 0 to 1, and what it likes to add.

    Without ``status`` the threshold decides. ``explanation`` is for people.
    """

    score: float
    status: EvalStatus | None = None
    per_invocation_scores: list[float | None] = []
    details: dict[str, Any] | None = None
    explanation: Any = None

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.score = float(self.score)
        if not 0 <= self.score <= 1:  # false for what is not a number, too
            raise ValueError(f"score must be between 0 and 1, got {self.score}")
        self.status = None if self.status is None else EvalStatus(self.status)


class Evaluator(Protocol):
    """A function that is a program as well."""

    def __call__(self, data: EvalInput, /) -> Any:
        """Evaluate; a coroutine when the function is one."""

    def run(self) -> None:
        """Read stdin, evaluate, write the result to stdout."""


def evaluator(function: Callable[[EvalInput], Any]) -> Evaluator:
    """Give a function, plain or async, the method ``run``; it stays a function."""

    def run() -> None:
        # Whatever the function prints must not end up beside the result.
        output = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        result = _evaluate(function, _read_input(sys.stdin.buffer.read()))
        output.write(json.dumps(_spoken(result)) + "\n")
        output.close()

    function.run = run  # type: ignore[attr-defined]  # that is the point
    return function  # type: ignore[return-value]  # by now it is one


def _read_input(text: bytes) -> EvalInput:
    if not text.strip():
        _fail("There is nothing on stdin: expected the input of an evaluator as JSON.")
    try:
        given = EvalInput._of(json.loads(text))
    except (ValueError, TypeError) as error:
        _fail(f"The input cannot be read: {error}")
    if str(given.protocol_version).partition(".")[0] != MAJOR_VERSION:
        sys.stderr.write(
            f"Warning: protocol {given.protocol_version} is not known here; "
            f"{MAJOR_VERSION}.x is.\n"
        )
    return given  # type: ignore[no-any-return]  # _of gives what it is called on


def _evaluate(function: Callable[[EvalInput], Any], given: EvalInput) -> EvalResult:
    try:
        result = function(given)
        if hasattr(result, "__await__"):
            import asyncio  # late: it takes longer than everything else here

            result = asyncio.run(_awaited(result))
    except Exception:  # noqa: BLE001 - the top of a program
        import traceback

        traceback.print_exc()
        sys.exit(1)
    if not isinstance(result, EvalResult):
        _fail(f"An evaluator returns an EvalResult, got {type(result).__name__}.")
    return result


async def _awaited(result: Any) -> Any:
    return await result


def _spoken(result: EvalResult) -> dict[str, Any]:
    document = result.model_dump()
    if document["explanation"] is None:
        del document["explanation"]
    return document


def _plain(value: Any) -> Any:
    if isinstance(value, _Record):
        return value.model_dump()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, StrEnum) else value


def _fail(message: str) -> NoReturn:
    sys.exit(message)  # to stderr, with code 1
