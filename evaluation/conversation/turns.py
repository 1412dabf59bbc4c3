"""Turns: one user message to the outermost agent, and everything until its answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from evaluation.conversation.messages import (
    MODEL_ROLES,
    USER_ROLES,
    Message,
    Messages,
    last_said,
    last_text,
)
from evaluation.conversation.model import Content, ToolCall
from evaluation.conversation.overlay import error_of
from evaluation.conversation.tools import fresh_output, reconcile
from evaluation.conversation.tree import (
    AgentRun,
    Forest,
    ModelRun,
    Territory,
    ToolRun,
    started,
)
from evaluation.traces.model import Span


@dataclass(slots=True, eq=False)
class Candidate:
    """A turn in the making: the span it hangs on and the territories it covers."""

    anchor: Span
    territories: list[Territory]
    _models: list[ModelRun] | None = field(default=None)
    _tool_calls: tuple[ToolCall, ...] | None = field(default=None)

    @property
    def is_adk(self) -> bool:
        """Tell whether ADK ran the turn's agent."""
        owner = self.territories[0].owner
        return owner is not None and owner.is_adk

    @property
    def is_plain(self) -> bool:
        """Tell whether the turn is nothing but a model call without any agent."""
        first = self.territories[0]
        return first.owner is None and any(
            run.view.span is first.root for run in first.models
        )

    @property
    def agents(self) -> list[AgentRun]:
        """Return the agent runs by start."""
        runs = (run for territory in self.territories for run in territory.agents)
        return sorted(runs, key=lambda run: started(run.view.span))

    @property
    def models(self) -> list[ModelRun]:
        """Return the model calls by start, those of sub-agents included."""
        if self._models is None:
            runs = (run for territory in self.territories for run in territory.models)
            self._models = sorted(runs, key=lambda run: started(run.view.span))
        return self._models

    @property
    def tools(self) -> list[ToolRun]:
        """Return the tool executions by start."""
        runs = (run for territory in self.territories for run in territory.tools)
        return sorted(runs, key=lambda run: started(run.view.span))

    @property
    def own_agent(self) -> AgentRun | None:
        """Return the agent that the user talks to."""
        owner = self.territories[0].owner
        if owner is not None and owner.is_agent:
            return owner
        return next((run for run in self.agents if run.is_agent), None)

    @property
    def speaking(self) -> list[ModelRun]:
        """Return the calls that face the user, not a tool; none of embeddings."""
        runs = [run for run in self.models if not run.view.is_embedding]
        facing = [run for run in runs if not run.aside]
        owned = [run for run in facing if run.agent is not None]
        return owned or facing

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
        owner = self.territories[0].owner
        error = error_of(self.anchor)
        if error is None and owner is not None:
            error = owner.view.error
        if error is None and self.speaking:
            error = self.speaking[-1].error
        return error

    def identity(self, name: Literal["case_id", "conversation_id"]) -> str | None:
        """Return an id that any span of the turn carries, the outermost first."""
        runs: list[AgentRun | ModelRun | ToolRun]
        runs = [*self.agents, *self.models, *self.tools]
        values = (getattr(run.view, name) for run in runs)
        return next((value for value in values if value), None)

    def absorb(self, other: Candidate) -> None:
        """Take the territories of another candidate in."""
        self.territories += other.territories
        self._models = self._tool_calls = None


def find_candidates(forest: Forest) -> list[Candidate]:
    """Find what may be turns, by start time."""
    by_root: dict[int, list[Territory]] = {}
    for territory in forest.territories:
        by_root.setdefault(id(territory.root), []).append(territory)
    candidates: list[Candidate] = []
    for territories in by_root.values():
        mark_delegates(territories)
        candidates += _below_root(territories)
    candidates.sort(key=lambda candidate: started(candidate.anchor))
    candidates = _join_loose(candidates)
    # An agent span without anything in it is another layer's view of a turn that was
    # recorded elsewhere; alone, it is a turn of which nothing is known.
    return [turn for turn in candidates if not turn.is_empty()] or candidates


def _below_root(territories: list[Territory]) -> list[Candidate]:
    loose, *owned = territories
    if not owned:
        return [] if loose.is_empty() else [Candidate(loose.root, [loose])]
    owned.sort(key=lambda territory: started(territory.span))
    if _is_one_request(owned, loose):
        groups = [Candidate(owned[0].span, owned)]
    else:
        groups = _group(owned)
    if len(groups) == 1 and not groups[0].is_adk:
        groups[0].anchor = loose.root
        groups[0].territories.append(loose)
    return groups


def _is_one_request(owned: Sequence[Territory], loose: Territory) -> bool:
    """Tell whether agents that captured no input share the one question around them."""
    asked = {last_text(note.input, USER_ROLES) for note in loose.notes} - {None}
    inputs = [run.view.input for territory in owned for run in territory.agents]
    inputs += [run.input for territory in owned for run in territory.models]
    return len(asked) == 1 and not any(inputs)


def _group(owned: Sequence[Territory]) -> list[Candidate]:
    """Join sibling agents of one turn: delegates of a tool, and hand-overs."""
    groups: list[Candidate] = []
    group_of: dict[int, Candidate] = {}
    for territory in owned:
        candidate = Candidate(territory.span, [territory])
        caller = territory.owner.tool if territory.owner else None
        group = group_of.get(id(caller.territory)) if caller else None
        if group is None and groups and continues(groups[-1], candidate):
            group = groups[-1]
        if group is None:
            group = candidate
            groups.append(group)
        else:
            group.absorb(candidate)
        group_of[id(territory)] = group
    return groups


def mark_delegates(territories: Sequence[Territory]) -> None:
    """Set agents aside that ran, by the clock, inside a tool of another agent.

    Some frameworks hang a delegate beside the agent that called it; the tool span that
    made the call then encloses it in time only.
    """
    agents = [run for territory in territories for run in territory.agents]
    tools = [run for territory in territories for run in territory.tools]
    if len(agents) > 1 and tools:
        _sweep(sorted(agents, key=_run_start), sorted(tools, key=_run_start))
    for run in agents:
        run.aside = run.aside or (run.parent is not None and run.parent.aside)


def _run_start(run: AgentRun | ToolRun) -> int:
    return started(run.view.span)


def _sweep(agents: list[AgentRun], tools: list[ToolRun]) -> None:
    """Look, for each agent, at the tool that lasts longest of those begun before."""
    longest: ToolRun | None = None
    index = 0
    for agent in agents:
        while index < len(tools) and _run_start(tools[index]) < _run_start(agent):
            tool = tools[index]
            if longest is None or _ended(tool) > _ended(longest):
                longest = tool
            index += 1
        if longest is None or agent.aside or agent.view.span.end_ns is None:
            continue
        if _ended(agent) <= _ended(longest):
            agent.tool, agent.aside = longest, True


def _ended(run: AgentRun | ToolRun) -> int:
    span = run.view.span
    return started(span) if span.end_ns is None else span.end_ns


def _join_loose(candidates: list[Candidate]) -> list[Candidate]:
    """Join root spans of one turn: a tool loop without an agent around it."""
    joined: list[Candidate] = []
    for candidate in candidates:
        before = joined[-1] if joined else None
        if before is not None and before.is_plain and _belongs(before, candidate):
            before.absorb(candidate)
        elif candidate.models or candidate.agents:
            joined.append(candidate)
    return joined


def _belongs(turn: Candidate, candidate: Candidate) -> bool:
    if candidate.is_plain:
        return continues(turn, candidate)
    return bool(candidate.tools) and not (candidate.models or candidate.agents)


def continues(turn: Candidate, candidate: Candidate) -> bool:
    """Tell whether ``candidate`` goes on with a turn that has no answer yet."""
    last = turn.speaking[-1] if turn.speaking else None
    if last is None or not last.output or _said_by(last) is not None:
        return False
    asked = user_message(candidate)
    if asked is None or asked.text is None:
        return candidate.is_plain or bool(candidate.models)
    before = user_message(turn)
    return before is not None and asked.text == before.text


def user_message(turn: Candidate) -> Message | None:
    """Find the message that began a turn.

    Returns:
        The last message of the user that the agent span, else the first model call
        that captured its input, was given; preferably one with text. A message without
        text holds what else the user sent. None when no user message was captured.
    """
    found = [_last_user_message(m) for m in _inputs(turn) if m is not None]
    asked = [message for message in found if message is not None]
    readable = (message for message in asked if not message.garbled)
    return next(readable, next(iter(asked), None))


def _inputs(turn: Candidate) -> Iterable[Messages | None]:
    for territory in turn.territories[:1]:
        if territory.owner is not None:
            yield territory.owner.view.input
    own = turn.own_agent
    if own is not None and own is not turn.territories[0].owner:
        yield own.view.input
    yield next((run.input for run in turn.speaking if run.input is not None), None)
    yield from (
        note.input for territory in turn.territories for note in territory.notes
    )


def _last_user_message(messages: Messages) -> Message | None:
    said = [message for message in messages if message.role in USER_ROLES]
    for message in reversed(said):
        if message.text:
            return message
    garbled = next((message for message in said if message.garbled), None)
    return garbled or next((message for message in said if message.parts), None)


def user_content(turn: Candidate) -> Content | None:
    """Return what the user sent, None when unknown."""
    message = user_message(turn)
    if message is None:
        return None
    if message.text:
        return Content.of_text(message.text, role="user")
    return Content(role="user", parts=message.parts) if message.parts else None


def final_response(turn: Candidate) -> Content | None:
    """Return the answer to the user.

    It is what the agent span recorded where that is what its caller got; else what the
    last model call that faces the user said; else any other recorded output; where ADK
    recorded none of these, the calls that the model asked for.
    """
    last = turn.speaking[-1] if turn.speaking else None
    said = _said_by(last) if last else None
    recorded = list(_recorded(turn))
    ranked = [message for message, in_the_end in recorded if in_the_end]
    ranked += [said] if said else []
    ranked += [message for message, in_the_end in recorded if not in_the_end]
    if ranked:
        readable = (message for message in ranked if not message.garbled)
        text = next(readable, ranked[0]).text or ""
        return Content.of_text(text, role="model")
    for message in (last.output or ()) if last else ():
        if message.parts:
            return Content(role="model", parts=message.parts)
    return None


def _said_by(run: ModelRun) -> Message | None:
    return last_said(fresh_output(run.input, run.output), MODEL_ROLES)


def _recorded(turn: Candidate) -> Iterable[tuple[Message, bool]]:
    """Yield what spans around the model calls recorded, and whether it is final."""
    facing = [run for run in turn.agents if not run.aside]
    owner = turn.territories[0].owner
    views = [run.view for run in (owner, *reversed(facing)) if run is not None]
    notes = [note for territory in turn.territories for note in territory.notes]
    views += sorted(notes, key=lambda note: started(note.span), reverse=True)
    for view in views:
        message = last_said(view.output, MODEL_ROLES)
        if message is not None:
            yield message, view.answers and owner is not None and view is owner.view
