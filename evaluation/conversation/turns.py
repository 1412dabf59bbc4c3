"""Turns: one user message to the outermost agent, and everything until its answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evaluation.conversation.model import ToolCall
from evaluation.conversation.overlay import View, error_of, text_anywhere
from evaluation.conversation.tools import reconcile
from evaluation.conversation.tree import AgentRun, ModelRun, Territory, started
from evaluation.traces.model import Span

_CONVERSATION_NAMES = (
    "gen_ai.conversation.id",
    "session.id",
    "agentevals.session_name",
)


class Turn:
    """What may be a turn: the span it hangs on and the territories it covers.

    ``agents``, ``models`` and ``tools`` are the runs by start, those of sub-agents
    included; ``speaking`` are the model calls that face the user, not a tool;
    ``own_agent`` is the agent that the user talks to.
    """

    def __init__(self, anchor: Span, territories: Sequence[Territory]) -> None:
        self.anchor = anchor
        self.territories = territories
        self.owner = territories[0].owner
        self.agents = sorted((r for t in territories for r in t.agents), key=started)
        self.models = sorted((r for t in territories for r in t.models), key=started)
        self.tools = sorted((r for t in territories for r in t.tools), key=started)
        self.notes = sorted((v for t in territories for v in t.notes), key=started)
        self.speaking = speaking(self.models)
        self.own_agent = self._own_agent()
        self._tool_calls: tuple[ToolCall, ...] | None = None

    def _own_agent(self) -> AgentRun | None:
        facing = [run for run in self.agents if run.is_agent and not run.aside]
        # An agent without a name wraps the one that the user knows.
        named = (run for run in facing if run.name())
        return next(named, next(iter(facing), None))

    @property
    def is_adk(self) -> bool:
        """Tell whether ADK ran the turn's agent."""
        return self.owner is not None and self.owner.is_adk

    @property
    def is_plain(self) -> bool:
        """Tell whether the turn is a root model call without any agent around it."""
        root = self.territories[0].root
        return self.owner is None and any(run.span is root for run in self.models)

    def tool_calls(self) -> tuple[ToolCall, ...]:
        """Return the tool calls in time order."""
        if self._tool_calls is None:
            self._tool_calls = reconcile(self.models, self.tools, self.own_agent)
        return self._tool_calls

    def is_empty(self) -> bool:
        """Tell whether nothing was recorded below the turn's span, nor its failure."""
        return not (
            self.models
            or self.tools
            or self.error() is not None
            or any(run.view.input or run.view.output for run in self.agents)
        )

    def error(self) -> str | None:
        """Return why the turn failed: its own span's error, else the last call's."""
        error = error_of(self.anchor)
        if error is None and self.owner is not None:
            error = self.owner.view.error
        if error is None and self.speaking:
            error = self.speaking[-1].error
        return error

    def views(self) -> Iterator[View]:
        """Yield the spans of the turn, agents first."""
        yield from (run.view for run in self.agents)
        yield from (run.view for run in self.models)
        yield from (run.view for run in self.tools)

    def attribute(self, *names: str) -> str | None:
        """Return a text that any span of the turn carries, its own span first."""
        spans = (self.anchor, *(view.span for view in self.views()))
        return next((t for span in spans if (t := text_anywhere(span, *names))), None)

    def case_id(self) -> str | None:
        """Return the eval case that the turn was recorded for."""
        return self.attribute("agentevals.eval.case.id")

    def conversation_id(self) -> str | None:
        """Return the conversation that the turn belongs to."""
        named = (view.conversation_id for view in self.views())
        found = next((name for name in named if name), None)
        return found or self.attribute(*_CONVERSATION_NAMES)

    def agent_name(self) -> str | None:
        """Return the name of the agent that the user talks to."""
        if self.own_agent is not None:
            return self.own_agent.name()
        names = (run.view.agent_name for run in self.speaking)
        return next((name for name in names if name), None)

    def is_request(self) -> bool:
        """Tell whether an agent or a model faces the user; tools alone serve others."""
        return bool(self.agents) or any(not run.aside for run in self.models)


def speaking(models: Sequence[ModelRun]) -> list[ModelRun]:
    """Pick the calls that face the user: not for a tool, and no embeddings.

    Calls of agents come before calls beside them, such as one that names the chat.
    """
    facing = [run for run in models if not (run.aside or run.view.is_embedding)]
    owned = [run for run in facing if run.agent is not None]
    return owned or facing
