"""Whether answers have the properties that rubrics ask for, as a judge model sees it."""

from __future__ import annotations

from evaluation.conversation.model import Invocation
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.metrics.judged.evidence import (
    instructions_of,
    section,
    steps_of,
    text_of,
)
from evaluation.metrics.judged.rubrics import judge_turns_by_rubrics
from evaluation.metrics.model import Measurement, Task

KIND = "FINAL_RESPONSE_QUALITY"
INSTRUCTIONS = """\
You judge the final answer of an AI agent, property by property. Go by the user's prompt and
by what tools returned, if calling them that way was reasonable; what the agent says of
itself proves nothing.
"""


async def measure(task: Task) -> Measurement:
    """Score by the mean over all rubrics of all turns."""

    def sections(turn: Invocation, expected: ExpectedTurn | None) -> tuple[str, ...]:
        return (
            section("developer_instructions", instructions_of(expected)),
            section("user_prompt", text_of(turn.user_content)),
            section("steps", steps_of(turn)),
            section("final_answer", text_of(turn.final_response)),
        )

    return await judge_turns_by_rubrics(task, KIND, INSTRUCTIONS, sections)
