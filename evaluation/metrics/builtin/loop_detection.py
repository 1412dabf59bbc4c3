"""Share of turns that do not repeat the same calls over and over."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from evaluation.conversation.model import Invocation, ToolCall
from evaluation.metrics.fingerprint import fingerprint
from evaluation.metrics.model import Measurement, Task
from evaluation.metrics.turns import TurnScore, look_at_turns
from evaluation.values import JSONObject

DEFAULT_MAX_REPEATS = 2
LONGEST_CYCLE = 4  # calls; agents that are stuck alternate between few tools


def measure(task: Task) -> Measurement:
    """Score 0 for a turn with a loop, else 1, and average.

    A loop is a sequence of up to four calls that stands more than ``max_repeats`` times
    in a row, arguments included. Calls whose arguments were not captured count as
    different.
    """
    allowed = task.options.get("max_repeats", DEFAULT_MAX_REPEATS)

    def look(turn: Invocation) -> TurnScore:
        loop = _loop(turn.tool_calls, allowed)
        return TurnScore(score=0.0, explanation=loop) if loop else TurnScore(score=1.0)

    return look_at_turns(task, look)


def _loop(calls: Sequence[ToolCall], allowed: int) -> JSONObject | None:
    keys = [_key(i, call) for i, call in enumerate(calls)]
    for cycle in range(1, LONGEST_CYCLE + 1):
        same = 0
        for i in range(cycle, len(keys)):
            same = same + 1 if keys[i] == keys[i - cycle] else 0
            if same >= cycle * allowed:
                first = i - same - cycle + 1
                names = [call.name for call in calls[first : first + cycle]]
                return {"loop": names, "first_call": first}
    return None


def _key(position: int, call: ToolCall) -> Hashable:
    if call.args is None:
        return position
    return call.name, fingerprint(call.args)
