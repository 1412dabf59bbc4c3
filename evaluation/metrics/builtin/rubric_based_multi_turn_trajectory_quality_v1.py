"""Whether a whole conversation is as rubrics ask for, as a judge model sees it."""

from __future__ import annotations

from evaluation.metrics.judged.evidence import (
    dialogue_of,
    instructions_of,
    section,
    tools_of,
)
from evaluation.metrics.judged.panel import Panel, judge_with
from evaluation.metrics.judged.rubrics import (
    conclude,
    judge_rubrics,
    mean_of,
    rubrics_for,
)
from evaluation.metrics.model import Measurement, Task

KIND = "MULTI_TURN_TRAJECTORY_QUALITY"
INSTRUCTIONS = """\
You judge a whole conversation of a user with an AI agent, property by property: what was
said, which tools were called in which turn, and whether it got anywhere. Take all turns
into account, the early ones too.
"""


async def measure(task: Task) -> Measurement:
    """Score once, on the last turn; earlier ones are not measured."""

    async def with_panel(panel: Panel) -> Measurement:
        last = task.turns[-1]
        found = await judge_rubrics(
            panel,
            rubrics_for(task, KIND, task.golden),
            instructions=INSTRUCTIONS,
            sections=(
                section(
                    "developer_instructions",
                    instructions_of(task.golden[0] if task.golden else None),
                ),
                section("tools_used", tools_of(task.turns)),
                section("conversation", dialogue_of(task.turns)),
            ),
            about="conversation",
            invocation_id=last.invocation_id,
        )
        earlier: list[float | None] = [None for _ in task.turns[:-1]]
        return conclude(task, [found], [*earlier, mean_of(found)])

    return await judge_with(task, INSTRUCTIONS, with_panel)
