"""Work grows with the number of spans, not with how they are nested."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from evaluation.conversation.convert import convert
from evaluation.conversation.tree import Forest
from evaluation.traces.model import Span
from tests.evaluation.conversation.spans import (
    agent,
    asks_for,
    chat,
    said,
    span,
    tool,
    trace_of,
    user,
)

MANY = 100_000
SOME = 2_000


def chain(make: Callable[[str, str | None, int], Span], length: int) -> list[Span]:
    return [make(str(n), str(n - 1) if n else None, n) for n in range(length)]


def test_a_chain_of_100_000_spans_converts() -> None:
    plain = chain(lambda span_id, parent, _: span(span_id, parent), MANY)
    last = chat("last", str(MANY - 1), [user("q")], [said("a")])

    (turn,) = convert(trace_of(*plain, last)).invocations

    assert turn.user_content is not None


def test_a_hundred_thousand_siblings_convert() -> None:
    siblings = [tool(f"t{n}", "r", "f", args="{}", at=n) for n in range(MANY)]

    (turn,) = convert(trace_of(agent("r"), *siblings)).invocations

    assert len(turn.tool_calls) == MANY


def nested_agents(size: int) -> list[Span]:
    def make(span_id: str, parent: str | None, n: int) -> Span:
        return (
            agent(span_id, parent, at=n) if n % 2 else tool(span_id, parent, "f", at=n)
        )

    return [agent("r"), *chain(lambda i, p, n: make(i, p or "r", n), size)]


def sibling_agents(size: int) -> list[Span]:
    return [span("r"), *(agent(f"a{n}", "r", at=n) for n in range(size))]


def one_tool_loop(size: int) -> list[Span]:
    return [
        chat(f"l{n}", None, [user("q")], [asks_for("f", f"c{n}")], at=n)
        for n in range(size)
    ]


def one_dialogue(size: int) -> list[Span]:
    return [
        span("r"),
        *(
            chat(f"l{n}", "r", [user("q"), said("a"), user(f"q{n}")], [said("a")], at=n)
            for n in range(size)
        ),
    ]


@pytest.mark.parametrize(
    "make", [nested_agents, sibling_agents, one_tool_loop, one_dialogue]
)
def test_twice_the_spans_take_twice_the_steps(
    make: Callable[[int], list[Span]],
) -> None:
    few, many = (_steps(make(size)) for size in (SOME, 2 * SOME))

    assert many < 2.2 * few


def _steps(spans: list[Span]) -> int:
    """Count the calls of Python functions, which no clock disturbs."""
    trace = trace_of(*spans)
    steps = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal steps
        steps += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        convert(trace)
    finally:
        sys.setprofile(before)
    return steps


def test_the_walk_looks_at_every_span_once() -> None:
    spans = nested_agents(SOME)

    forest = Forest(trace_of(*spans))

    assert forest.agent_count + len(forest.tools) == len(spans)
