"""What a judge is shown of a trace: as data between tags, within bounds."""

from __future__ import annotations

import json
from collections.abc import Sequence

from evaluation.conversation.model import Content, Invocation, ToolCall
from evaluation.eval_sets.model import ExpectedTurn
from evaluation.values import JSON

# Some 30,000 tokens: what a judge with a context of 128,000 takes several times over.
MAX_SECTION_CHARACTERS = 100_000
MAX_VALUE_CHARACTERS = 20_000


def section(tag: str, text: str) -> str:
    """Put a text between tags; one that is too long loses its middle."""
    return f"<{tag}>\n{_bounded(text, MAX_SECTION_CHARACTERS)}\n</{tag}>"


def text_of(content: Content | None) -> str:
    """Return the text of a message; empty when there is none."""
    return content.text() if content else ""


def instructions_of(expected: ExpectedTurn | None) -> str:
    """Return what the agents were told, as the golden turn says; traces do not."""
    details = (expected.app_details if expected else None) or {}
    agents = details.get("agent_details") or details.get("agentDetails")
    named = agents.items() if isinstance(agents, dict) else ()
    told = [
        f"{name}: {agent['instructions']}"
        for name, agent in named
        if isinstance(agent, dict) and agent.get("instructions")
    ]
    return "\n".join(told) or "(not recorded)"


def tools_of(turns: Sequence[Invocation]) -> str:
    """Name the tools that were used; a trace does not tell which others there were."""
    names = dict.fromkeys(call.name for turn in turns for call in turn.tool_calls)
    return "\n".join(names) or "(the agent used no tools)"


def steps_of(turn: Invocation) -> str:
    """Tell what was done, call by call with arguments and outputs as JSON."""
    steps = [_step(i, call) for i, call in enumerate(turn.tool_calls, start=1)]
    return "\n".join(steps) or "(no tool calls)"


def dialogue_of(turns: Sequence[Invocation]) -> str:
    """Tell a whole conversation: user, steps, answer, turn by turn."""
    return "\n\n".join(
        f"Turn {i}\n"
        f"User: {text_of(turn.user_content)}\n"
        f"{steps_of(turn)}\n"
        f"Agent: {text_of(turn.final_response)}"
        for i, turn in enumerate(turns, start=1)
    )


def _step(number: int, call: ToolCall) -> str:
    by = f" (by {call.agent})" if call.agent else ""
    lines = [f"Step {number}{by}: tool call {call.name} with {_json(call.args)}"]
    if call.error is not None:
        lines.append(f"  failed: {_bounded(call.error, MAX_VALUE_CHARACTERS)}")
    if call.response is not None:
        lines.append(f"  output: {_json(call.response)}")
    elif call.error is None:
        lines.append("  output: (not recorded)")
    return "\n".join(lines)


def _json(value: JSON) -> str:
    if value is None:
        return "(not recorded)"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return _bounded(text, MAX_VALUE_CHARACTERS)


def _bounded(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    half = most // 2
    return (
        f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}"
    )
