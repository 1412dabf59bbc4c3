"""Which spans belong to one turn."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

import msgspec

from evaluation.conversation.delegates import mark_delegates
from evaluation.conversation.messages import USER_ROLES, last_text
from evaluation.conversation.said import answer_of, user_message
from evaluation.conversation.tree import (
    Forest,
    ModelRun,
    Territory,
    ToolRun,
    started,
)
from evaluation.conversation.turns import Turn


def find_turns(forest: Forest) -> list[Turn]:
    """Find what may be turns, by start time.

    Args:
        forest: the trace taken apart.

    Returns:
        One turn for each exchange with an outermost agent; without agents, one for
        each root with model calls. They share no run.
    """
    by_root: dict[int, list[Territory]] = {}
    for territory in forest.territories:
        by_root.setdefault(id(territory.root), []).append(territory)
    turns: list[Turn] = []
    for loose, *owned in by_root.values():
        owned = mark_delegates(loose, owned)
        turns += _below_root(loose, owned) if owned else _without_agents(loose)
    turns.sort(key=lambda turn: started(turn.anchor))
    turns = _join_roots(turns)
    # An agent span without anything in it is another layer's view of a turn that was
    # recorded elsewhere; alone, it is a turn of which nothing is known.
    return [turn for turn in turns if not turn.is_empty()] or turns


def _below_root(loose: Territory, owned: list[Territory]) -> list[Turn]:
    owned.sort(key=started)
    groups = [owned] if _share_question(loose, owned) else _group(owned)
    first = groups[0][0].owner
    if len(groups) == 1 and not (first and first.is_adk):
        return [Turn(loose.root, [*owned, loose])]
    return [Turn(group[0].span, group) for group in groups]


def _share_question(loose: Territory, owned: Sequence[Territory]) -> bool:
    """Tell whether agents that captured no input share the one question around them."""
    asked = {last_text(note.input, USER_ROLES) for note in loose.notes} - {None}
    inputs = [run.view.input for territory in owned for run in territory.agents]
    inputs += [run.input for territory in owned for run in territory.models]
    return len(asked) == 1 and not any(inputs)


class _Exchange(msgspec.Struct, eq=False):
    """Where a turn stands while its parts are found one after the other."""

    question: str | None
    last: ModelRun | None
    parts: list[Turn] = []

    @classmethod
    def of(cls, turn: Turn) -> _Exchange:
        """Begin with one part."""
        asked = user_message(turn)
        last = turn.speaking[-1] if turn.speaking else None
        return cls(asked.text if asked else None, last, [turn])

    def is_continued_by(self, other: _Exchange) -> bool:
        """Tell whether ``other`` goes on with a question that has no answer yet."""
        if self.last is None or not self.last.output or answer_of(self.last):
            return False
        if other.question is None:
            return other.last is not None
        return other.question == self.question

    def take(self, other: _Exchange) -> None:
        """Make ``other`` the latest part."""
        self.parts += other.parts
        self.last = other.last or self.last

    def turn(self) -> Turn:
        """Return the whole as a turn."""
        if not self.parts[1:]:
            return self.parts[0]
        territories = [t for part in self.parts for t in part.territories]
        return Turn(self.parts[0].anchor, territories)


def _group(owned: Sequence[Territory]) -> list[list[Territory]]:
    """Join sibling agents of one turn: delegates of a tool, and hand-overs."""
    groups: list[list[Territory]] = []
    exchanges: list[_Exchange] = []
    group_of: dict[int, int] = {}
    for territory in owned:
        caller = territory.owner.tool if territory.owner else None
        index = group_of.get(id(caller.territory)) if caller else None
        if index is None:
            exchange = _Exchange.of(Turn(territory.span, [territory]))
            if exchanges and exchanges[-1].is_continued_by(exchange):
                exchanges[-1].take(exchange)
            else:
                exchanges.append(exchange)
                groups.append([])
            index = len(groups) - 1
        groups[index].append(territory)
        group_of[id(territory)] = index
    return groups


def _without_agents(loose: Territory) -> list[Turn]:
    """Split model calls below one root where each carries the last exchange on.

    Calls without each other's messages are steps towards one answer.
    """
    if loose.is_empty():
        return []
    parts: list[Territory] = []
    before: ModelRun | None = None
    for run in sorted(loose.models, key=started):
        if not parts or (before and not run.aside and _is_next_question(before, run)):
            parts.append(Territory(root=loose.root, owner=None))
        parts[-1].models.append(run)
        before = before if run.aside else run
    if not parts[1:]:
        return [Turn(loose.root, [loose])]
    _share_tools(loose.tools, parts)
    parts[0].agents, parts[0].notes = loose.agents, loose.notes
    return [Turn(part.models[0].span, [part]) for part in parts]


def _is_next_question(before: ModelRun, run: ModelRun) -> bool:
    answer = answer_of(before)
    asked, asked_before = (last_text(r.input, USER_ROLES) for r in (run, before))
    if answer is None or asked is None or asked == asked_before:
        return False
    return any(message.text == answer.text for message in run.input or ())


def _share_tools(tools: Iterable[ToolRun], parts: Sequence[Territory]) -> None:
    starts = [started(part.models[0]) for part in parts]
    for run in tools:
        index = bisect_right(starts, started(run))
        parts[max(index - 1, 0)].tools.append(run)


def _join_roots(turns: Sequence[Turn]) -> list[Turn]:
    """Join root spans of one turn: a tool loop without an agent around it."""
    joined: list[_Exchange] = []
    for turn in turns:
        exchange = _Exchange.of(turn)
        before = joined[-1] if joined and joined[-1].parts[0].is_plain else None
        if before and _belongs(before, exchange):
            before.take(exchange)
        elif turn.is_request():
            joined.append(exchange)
    return [exchange.turn() for exchange in joined]


def _repeats(before: _Exchange, exchange: _Exchange) -> bool:
    """Tell two spans that carry one whole conversation from two steps of it."""
    one, other = before.last, exchange.last
    if one is None or other is None or one.input != other.input:
        return False
    questions = sum(message.role in USER_ROLES for message in one.input or ())
    return questions > 1 and one.output == other.output


def _belongs(before: _Exchange, exchange: _Exchange) -> bool:
    turn = exchange.parts[0]
    if turn.is_plain:
        return before.is_continued_by(exchange) and not _repeats(before, exchange)
    return bool(turn.tools) and not (turn.models or turn.agents)
