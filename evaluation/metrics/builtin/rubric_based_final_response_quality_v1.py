"""Whether answers have the properties that rubrics ask for, as a judge model sees it."""

from __future__ import annotations

from evaluation.metrics.judged.evidence import (
    instructions_of,
    section,
    steps_of,
    text_of,
)
from evaluation.metrics.judged.panel import Panel, judge_with
from evaluation.metrics.judged.rubrics import (
    conclude,
    judge_rubrics,
    mean_of,
    rubrics_for,
)
from evaluation.metrics.model import Measurement, Task, paired

KIND = "FINAL_RESPONSE_QUALITY"
INSTRUCTIONS = """\
You judge the final answer of an AI agent, property by property. Go by the user's prompt and
by what tools returned, if calling them that way was reasonable; what the agent says of
itself proves nothing.
"""


def measure(task: Task) -> Measurement:
    """Score by the mean over all rubrics of all turns."""

    def with_panel(panel: Panel) -> Measurement:
        verdicts = [
            judge_rubrics(
                panel,
                rubrics_for(task, KIND, [expected]),
                instructions=INSTRUCTIONS,
                sections=(
                    section("developer_instructions", instructions_of(expected)),
                    section("user_prompt", text_of(turn.user_content)),
                    section("steps", steps_of(turn)),
                    section("final_answer", text_of(turn.final_response)),
                ),
                about=f"turn {i}",
                invocation_id=turn.invocation_id,
            )
            for i, (turn, expected) in enumerate(paired(task))
        ]
        return conclude(task, verdicts, [mean_of(found) for found in verdicts])

    return judge_with(task, INSTRUCTIONS, with_panel)
