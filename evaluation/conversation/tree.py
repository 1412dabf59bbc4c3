"""The agents, model calls and tool executions of a trace, and who is inside whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from evaluation.conversation.decoding import MISSING, as_object
from evaluation.conversation.dialects import adk
from evaluation.conversation.messages import Messages
from evaluation.conversation.model import Usage
from evaluation.conversation.overlay import View, fill_usage, view
from evaluation.traces.model import Span, Trace


class HasSpan(Protocol):
    """Whatever hangs on a span."""

    @property
    def span(self) -> Span:
        """Return the span."""


def started(holder: HasSpan | Span) -> int:
    """Return the start for sorting; spans without one come first, as in the export."""
    span = holder if isinstance(holder, Span) else holder.span
    return span.start_ns or 0


def ended(holder: HasSpan) -> int:
    """Return the end for sorting; a span without one ends where it started."""
    span = holder.span
    return started(span) if span.end_ns is None else span.end_ns


class AgentRun(msgspec.Struct, eq=False):
    """One run of an agent or workflow.

    ``aside`` runs work for a tool: what they say is no answer to the user.
    """

    view: View
    parent: AgentRun | None = None
    tool: ToolRun | None = None
    aside: bool = False
    is_adk: bool = False

    nearest: AgentRun | None = None

    def __post_init__(self) -> None:
        """Find the agent that work directly below belongs to."""
        above = self.parent.nearest if self.parent else None
        self.nearest = self if self.is_agent else above

    @property
    def span(self) -> Span:
        """Return the outermost span of the run."""
        return self.view.span

    @property
    def is_agent(self) -> bool:
        """Tell an agent from a workflow of agents."""
        return self.view.role == "agent"

    def name(self) -> str | None:
        """Return the agent's name, the one its caller chose where that is better."""
        arguments = self.tool.view.arguments if self.tool else MISSING
        named = self.view.agent_name or _name_in(self.span.name)
        return _chosen_name(arguments) or named


def _name_in(span_name: str) -> str | None:
    """Return what the conventions put behind the operation in a span's name."""
    operation, _, name = span_name.partition(" ")
    return name or None if operation == "invoke_agent" else None


def _chosen_name(arguments: object) -> str | None:
    chosen = (as_object(arguments) or {}).get("subagent_type")
    return chosen if isinstance(chosen, str) and chosen else None


class ModelRun(msgspec.Struct, eq=False):
    """One logical model call: a wrapper span and the provider spans below it."""

    view: View
    agent: AgentRun | None
    tool: ToolRun | None
    inner: list[View] = []

    @property
    def span(self) -> Span:
        """Return the outermost span of the run."""
        return self.view.span

    @property
    def aside(self) -> bool:
        """Tell whether the call serves a tool rather than the user."""
        return self.agent.aside if self.agent else self.tool is not None

    @property
    def usage(self) -> Usage:
        """Return the call's tokens, counted once."""
        usage = self.view.usage
        if usage.input is None and usage.output is None and len(self.inner) > 1:
            return _sum_usage(inner.usage for inner in self.inner)
        for inner in self.inner:
            usage = fill_usage(usage, inner.usage)
        return usage

    @property
    def has_content(self) -> bool:
        """Tell whether anything of what was said was captured."""
        return self.input is not None or self.output is not None

    @property
    def request_model(self) -> str | None:
        """Return the model that was asked for."""
        return _first(view.request_model for view in self.views)

    @property
    def response_model(self) -> str | None:
        """Return the model that answered."""
        return _first(view.response_model for view in self.views)

    @property
    def provider(self) -> str | None:
        """Return who served the call rather than the framework that made it."""
        named = [view.provider for view in self.views if view.provider]
        serving = (provider for provider in named if provider != adk.FRAMEWORK)
        return _first((*serving, *named))

    @property
    def error(self) -> str | None:
        """Return why the call failed, None when it did not."""
        return self.view.error

    @property
    def finish_reasons(self) -> tuple[str, ...]:
        """Return why the model stopped."""
        return next((v.finish_reasons for v in self.views if v.finish_reasons), ())

    @property
    def input(self) -> Messages | None:
        """Return what was sent, as the outermost span that captured it tells."""
        return _fullest(view.input for view in self.views)

    @property
    def output(self) -> Messages | None:
        """Return what came back; of several provider calls the last counts."""
        views = (self.view, *reversed(self.inner))
        return _fullest(view.output for view in views)

    @property
    def views(self) -> tuple[View, ...]:
        """Return the wrapper and what is inside."""
        return (self.view, *self.inner)


def _first(texts: Iterable[str | None]) -> str | None:
    return next((text for text in texts if text is not None), None)


def _fullest(captured: Iterable[Messages | None]) -> Messages | None:
    """Return the first that holds messages, else the first that was captured."""
    known = [messages for messages in captured if messages is not None]
    return next(filter(None, known), known[0] if known else None)


def _sum_usage(usages: Iterable[Usage]) -> Usage:
    totals: dict[str, int | None] = {}
    for usage in usages:
        for name in Usage.__struct_fields__:
            count = getattr(usage, name)
            if count is not None:
                totals[name] = (totals.get(name) or 0) + count
    return Usage(**totals)


class ToolRun(msgspec.Struct, eq=False):
    """One execution of a tool: a span, and nested spans of the same call."""

    view: View
    agent: AgentRun | None
    territory: Territory
    order: int
    inner: list[View] = []

    @property
    def span(self) -> Span:
        """Return the outermost span of the run."""
        return self.view.span


class Territory(msgspec.Struct, eq=False):
    """All that happens below one outermost agent, or loose below one root.

    The lists are in walk order: parents first, siblings by start time. ``notes`` are
    spans that are no step of their own but know what was said.
    """

    root: Span
    owner: AgentRun | None
    agents: list[AgentRun] = []
    models: list[ModelRun] = []
    tools: list[ToolRun] = []
    notes: list[View] = []

    @property
    def span(self) -> Span:
        """Return the span that the territory hangs on."""
        return self.owner.view.span if self.owner else self.root

    def is_empty(self) -> bool:
        """Tell whether nothing was found."""
        return not (self.agents or self.models or self.tools)


class _Place(msgspec.Struct, frozen=True, eq=False):
    """Where a span stands: the nearest runs above it."""

    territory: Territory
    agent: AgentRun | None = None
    tool: ToolRun | None = None
    model: ModelRun | None = None
    nearest_tool: ToolRun | None = None


class Forest:
    """A trace taken apart: territories by root, in one walk over the spans."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.is_adk = any(adk.is_marked(span) for span in trace.spans)
        self.territories: list[Territory] = []
        self.models: list[ModelRun] = []
        self.tools: list[ToolRun] = []
        self.agent_count = 0
        self.provider: str | None = None
        self.model: str | None = None
        self._walk()

    def _walk(self) -> None:
        stack: list[tuple[Span, _Place | None]] = [
            (root, None) for root in reversed(self.trace.roots)
        ]
        while stack:
            span, place = stack.pop()
            inside = self._enter(span, place or self._root_place(span))
            children = self.trace.children_of(span)
            stack.extend((child, inside) for child in reversed(children))

    def _root_place(self, root: Span) -> _Place:
        territory = Territory(root=root, owner=None)
        self.territories.append(territory)
        return _Place(territory)

    def _enter(self, span: Span, place: _Place) -> _Place:
        seen = view(span, in_adk_trace=self.is_adk)
        self._note(seen)
        if self.is_adk and adk.is_marked(span):
            _mark_adk(place.agent)
        if seen.role is None:
            if seen.input or seen.output:
                place.territory.notes.append(seen)
            return place
        if seen.role == "model":
            return self._enter_model(seen, place)
        if seen.role == "tool":
            return self._enter_tool(seen, place)
        return self._enter_agent(seen, place)

    def _note(self, seen: View) -> None:
        self.provider = self.provider or seen.provider
        self.model = self.model or seen.request_model

    def _enter_agent(self, seen: View, place: _Place) -> _Place:
        above = place.agent
        aside = above is not None and (above.aside or place.tool is not None)
        run = AgentRun(
            view=seen,
            parent=above,
            tool=place.tool,
            aside=aside,
            is_adk=seen.is_adk,
        )
        territory = place.territory
        if above is None:
            territory = Territory(root=territory.root, owner=run)
            self.territories.append(territory)
        territory.agents.append(run)
        self.agent_count += 1
        return _Place(territory, agent=run)

    def _enter_model(self, seen: View, place: _Place) -> _Place:
        if place.model is not None:
            place.model.inner.append(seen)
            return place
        run = ModelRun(view=seen, agent=place.agent, tool=place.tool)
        place.territory.models.append(run)
        self.models.append(run)
        return _Place(place.territory, place.agent, place.tool, model=run)

    def _enter_tool(self, seen: View, place: _Place) -> _Place:
        outer = place.nearest_tool
        if outer is not None and _is_same_call(outer.view, seen):
            outer.inner.append(seen)
            return place
        run = ToolRun(
            view=seen,
            agent=place.agent,
            territory=place.territory,
            order=len(self.tools),
        )
        place.territory.tools.append(run)
        self.tools.append(run)
        return _Place(place.territory, place.agent, tool=run, nearest_tool=run)


def _mark_adk(agent: AgentRun | None) -> None:
    """Mark the agents around a span that ADK made; a parent may have lost its scope."""
    while agent is not None and not agent.is_adk:
        agent.is_adk = True
        agent = agent.parent


def _is_same_call(outer: View, inner: View) -> bool:
    if outer.tool_name != inner.tool_name:
        return False
    return outer.call_id == inner.call_id or None in (outer.call_id, inner.call_id)
