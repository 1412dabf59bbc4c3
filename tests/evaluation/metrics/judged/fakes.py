"""A judge that says what it is told, and remembers what it was asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from evaluation.conversation.model import Invocation
from evaluation.eval_sets import EvalCase, ExpectedTurn
from evaluation.judging.model import Answer, Arrival, Question, Reply
from evaluation.judging.together import Table
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.registry import METRICS
from evaluation.values import JSON
from tests.evaluation.building import conversation

Says = Sequence[str | Reply] | Callable[[Question], str | Reply]


class FakeJudge:
    """Answers in the order asked, by replies that are cycled or by a function."""

    def __init__(self, says: Says) -> None:
        self.says = says
        self.asked: list[Question] = []
        self.open: dict[int, int] = {}
        self.most_at_once = 0
        self._rounds = 0
        self._waiting: deque[tuple[int, int, Question]] = deque()

    def ask(self, questions: Sequence[Question]) -> int:
        self._rounds += 1
        self.open[self._rounds] = len(questions)
        self.most_at_once = max(self.most_at_once, len(self.open))
        self._waiting += [(self._rounds, i, each) for i, each in enumerate(questions)]
        return self._rounds

    def arrival(self) -> Arrival:
        number, position, question = self._waiting.popleft()
        self.open[number] -= 1
        if not self.open[number]:
            del self.open[number]
        return Arrival(round=number, position=position, reply=self._reply(question))

    def give_up(self, number: int) -> None:
        del self.open[number]
        self._waiting = deque(each for each in self._waiting if each[0] != number)

    def _reply(self, question: Question) -> Reply:
        said = (
            self.says(question)
            if callable(self.says)
            else self.says[len(self.asked) % len(self.says)]
        )
        self.asked.append(question)
        if not isinstance(said, str):
            return said
        return Answer(text=said, model="judge-1", prompt_tokens=10, output_tokens=2)


def judged(
    metric: str,
    says: Says,
    actual: Sequence[Invocation],
    expected: Sequence[ExpectedTurn] | None = None,
    case: EvalCase | None = None,
    at_once: int = 1,
    **options: JSON,
) -> tuple[Measurement, FakeJudge]:
    """Run one metric with a judge that says this."""
    judge = FakeJudge(says)
    task = Task(
        conversation=conversation(*actual),
        expected=None if expected is None else tuple(expected),
        options={"judge_model": "openai/judge", **options},
        case=case,
    )
    table = Table(judge, at_once=at_once)
    measuring = METRICS[metric].load()(task)
    assert not isinstance(measuring, Measurement)
    return table.finish(table.start(measuring)), judge
