"""Several coroutines at one table: their order, their bounds, their ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from evaluation.judging.model import Answer, Failure, Limits, Question, Target
from evaluation.judging.together import MOST_ROUNDS, Table, replies_to, together
from tests.evaluation.metrics.judged.fakes import FakeJudge

REFUSAL = Failure(kind="auth", message="wrong key", calls=1)
CUT_OFF = Failure(kind="unusable", message="cut off", calls=1)


class OddError(Exception):
    pass


def asked(prompt: str, samples: int = 2) -> list[Question]:
    return [Question(target=Target(), prompt=prompt, sample=i) for i in range(samples)]


async def ask(*prompts: str) -> list[str]:
    """Ask one round after the other; tell what was said, "-" for nothing."""
    said = []
    for prompt in prompts:
        replies = await replies_to(asked(prompt))
        said += [r.text if isinstance(r, Answer) else "-" for r in replies]
    return said


def echo(question: Question) -> str:
    return f"{question.prompt}{question.sample}"


def prompts_of(judge: FakeJudge) -> list[str]:
    return [question.prompt for question in judge.asked]


def test_each_gets_its_own_answers_in_the_order_of_its_questions() -> None:
    table = Table(FakeJudge(echo), at_once=3)

    sittings = [table.start(ask(name, name * 2)) for name in "abc"]

    assert table.finish(sittings[2]) == ["c0", "c1", "cc0", "cc1"]
    assert table.finish(sittings[0]) == ["a0", "a1", "aa0", "aa1"]
    assert table.finish(sittings[1]) == ["b0", "b1", "bb0", "bb1"]


@pytest.mark.parametrize(
    ("at_once", "most"), [(1, 1), (3, 3), (1_000, MOST_ROUNDS)], ids=str
)
def test_no_more_rounds_are_open_than_allowed(at_once: int, most: int) -> None:
    judge = FakeJudge(["x"])
    table = Table(judge, at_once=at_once)

    table.finish(table.start(together([ask("a", "b") for _ in range(MOST_ROUNDS * 2)])))

    assert judge.most_at_once == most


def test_one_at_a_time_the_first_is_done_before_the_second_is_asked() -> None:
    judge = FakeJudge(["x"])
    table = Table(judge, at_once=1)

    first = table.start(together([ask("a", "b"), ask("c", "d")]))
    second = table.start(ask("e"))
    table.finish(first)
    table.finish(second)

    assert "".join(prompts_of(judge)) == "aabbccddee"


async def outer(names: Sequence[str]) -> list[list[str]]:
    return await together([ask(name) for name in names])


def test_results_of_several_come_in_their_order_whoever_is_done_first() -> None:
    async def slow() -> list[str]:
        return await ask("a", "a", "a")

    table = Table(FakeJudge(echo), at_once=5)

    found = table.finish(table.start(together([slow(), ask("b"), outer("cd")])))

    assert [len(each) for each in found] == [6, 2, 2]
    assert found[2] == [["c0", "c1"], ["d0", "d1"]]


def test_nobody_waits_for_nothing() -> None:
    table = Table(None, at_once=1)

    assert table.finish(table.start(outer([]))) == []


def test_a_failure_that_lasts_is_told_before_the_other_samples_arrive() -> None:
    judge = FakeJudge([REFUSAL, "late"])
    table = Table(judge, at_once=1)

    replies = table.finish(table.start(replies_to(asked("a", 3))))

    assert replies == [REFUSAL, None, None]
    assert len(judge.asked) == 1
    assert not judge.open


def test_after_one_that_passes_the_other_samples_are_waited_for() -> None:
    table = Table(FakeJudge([CUT_OFF, "fine"]), at_once=1)

    assert table.finish(table.start(ask("a"))) == ["-", "fine"]


async def fail_after(prompt: str) -> list[str]:
    await ask(prompt)
    raise OddError(prompt)


def test_an_exception_ends_the_others_of_its_group_and_nobody_else() -> None:
    judge = FakeJudge(echo)
    table = Table(judge, at_once=2)
    group = table.start(
        together([fail_after("a"), ask("b", "bb"), ask("c"), outer("de")])
    )
    other = table.start(ask("z"))

    with pytest.raises(OddError, match="a"):
        table.finish(group)

    assert table.finish(other) == ["z0", "z1"]
    assert set(prompts_of(judge)) <= {"a", "b", "z"}
    assert not judge.open


def test_an_exception_before_any_question_reaches_whoever_waits() -> None:
    async def refuse() -> list[str]:
        raise OddError("at once")

    judge = FakeJudge(echo)
    table = Table(judge, at_once=2)

    with pytest.raises(OddError):
        table.finish(table.start(together([ask("a"), refuse(), ask("b")])))
    assert not judge.asked


def test_what_is_caught_costs_nothing_else() -> None:
    async def careful() -> str:
        try:
            await together([ask("a"), fail_after("b")])
        except OddError:
            return (await ask("c"))[0]
        return "no error"

    table = Table(FakeJudge(echo), at_once=2)

    assert table.finish(table.start(careful())) == "c0"


def test_a_table_that_is_closed_gives_everything_up() -> None:
    judge = FakeJudge(echo)
    left = []

    async def tidy() -> None:
        try:
            await ask("a", "b")
        finally:
            left.append("tidied")

    table = Table(judge, at_once=1)
    for _ in range(3):
        table.start(together([tidy(), tidy()]))
    table.close()

    assert not judge.open
    assert left == ["tidied"] * 6


def test_where_there_is_no_judge_every_round_fails() -> None:
    table = Table(None, at_once=3)

    (reply, rest) = table.finish(table.start(replies_to(asked("a"))))

    assert isinstance(reply, Failure)
    assert (reply.kind, rest) == ("unavailable", None)


def test_near_its_end_a_budget_goes_to_the_first() -> None:
    judge = FakeJudge(["x"])
    table = Table(judge, at_once=4, limits=Limits(max_calls=5))

    table.finish(table.start(together([ask("a"), ask("b"), ask("c"), ask("d")])))

    assert judge.most_at_once == 2
    assert "".join(prompts_of(judge)) == "aabbccdd"


def test_every_reply_is_heard() -> None:
    heard = []
    table = Table(FakeJudge(["x"]), at_once=2)

    sitting = table.start(together([ask("a"), ask("b")]), lambda: heard.append(1))
    table.finish(sitting)

    assert len(heard) == 4
