"""Whether tools were used as rubrics ask for, as a judge model sees it."""

from __future__ import annotations

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.metrics.judged.evidence import (
    instructions_of,
    section,
    steps_of,
    text_of,
    tools_of,
)
from evaluation.metrics.judged.rubrics import judge_turns_by_rubrics
from evaluation.metrics.model import Measurement, Task

KIND = "TOOL_USE_QUALITY"
INSTRUCTIONS = """\
You judge how an AI agent used its tools, property by property: which tools it called, in
what order, with what arguments, and what it made of failures. Look at every step; whether
the answer is good is not the question.
"""


async def measure(task: Task) -> Measurement:
    """Score by the mean over all rubrics of all turns."""

    def sections(turn: Invocation, expected: ExpectedTurn | None) -> tuple[str, ...]:
        return (
            section("developer_instructions", instructions_of(expected)),
            section("tools_used", tools_of(task.turns)),
            section("user_prompt", text_of(turn.user_content)),
            section("steps", steps_of(turn)),
        )

    return await judge_turns_by_rubrics(task, KIND, INSTRUCTIONS, sections)
