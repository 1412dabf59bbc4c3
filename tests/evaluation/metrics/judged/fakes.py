"""A judge that says what it is told, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from evaluation.conversation.model import Invocation
from evaluation.eval_sets import EvalCase, ExpectedTurn
from evaluation.judging.model import Answer, Arrival, Question, Reply
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

    def ask(self, questions: Sequence[Question]) -> Iterator[Arrival]:  # type: ignore[override]
        return (
            Arrival(position=i, reply=self._reply(question))
            for i, question in enumerate(questions)
        )

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
    **options: JSON,
) -> tuple[Measurement, FakeJudge]:
    """Run one metric with a judge that says this."""
    judge = FakeJudge(says)
    task = Task(
        conversation=conversation(*actual),
        expected=None if expected is None else tuple(expected),
        options={"judge_model": "openai/judge", **options},
        case=case,
        judge=judge,  # type: ignore[arg-type]  # a generator has what is used of it
    )
    return METRICS[metric].load()(task), judge
