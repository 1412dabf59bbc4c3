"""Agents that work for a tool of another agent."""

from __future__ import annotations

from collections.abc import Iterable

from evaluation.conversation.tree import AgentRun, Territory, ToolRun, ended, started


def mark_delegates(loose: Territory, owned: list[Territory]) -> list[Territory]:
    """Set agents aside that work for a tool: what they say is for the caller.

    Most delegates stand below the tool span that called them; that much is known
    already. Some frameworks hang them beside the calling agent, so that the tool span
    encloses them in time only. And where no agent span is recorded around a tool loop,
    the caller is whoever makes the model calls beside the tool.

    Args:
        loose: what stands below a root but below no agent.
        owned: the territories of the root's outermost agents. Those of delegates of
            loose tools are moved into ``loose``.

    Returns:
        The territories that remain the agents' own.
    """
    if any(run.tool is None for run in loose.models):
        owned = [t for t in owned if not _moved_into(loose, t)]
    agents = [run for territory in owned for run in territory.agents]
    tools = [run for territory in owned for run in territory.tools]
    _mark_by_time(agents, tools)
    for run in agents:
        run.aside = run.aside or (run.parent is not None and run.parent.aside)
    return owned


def _moved_into(loose: Territory, territory: Territory) -> bool:
    if territory.owner is None or territory.owner.tool is None:
        return False
    for run in territory.agents:
        run.aside = True
    loose.agents += territory.agents
    loose.models += territory.models
    loose.tools += territory.tools
    return True


def _mark_by_time(agents: Iterable[AgentRun], tools: Iterable[ToolRun]) -> None:
    """Look, for each outermost agent, at the longest tool call begun before it.

    A call whose start is not known encloses nothing.
    """
    timed = (tool for tool in tools if tool.span.start_ns is not None)
    waiting = sorted(timed, key=started, reverse=True)
    longest: ToolRun | None = None
    for agent in sorted(filter(_is_outermost, agents), key=started):
        while waiting and started(waiting[-1]) < started(agent):
            tool = waiting.pop()
            if longest is None or ended(tool) > ended(longest):
                longest = tool
        if longest is None or agent.span.end_ns is None:
            continue
        if ended(agent) <= ended(longest):
            agent.tool, agent.aside = longest, True


def _is_outermost(run: AgentRun) -> bool:
    """Tell an agent below nothing but workflows; others stand where they belong."""
    above = run.parent.nearest if run.parent else None
    return run.is_agent and above is None and not run.aside
