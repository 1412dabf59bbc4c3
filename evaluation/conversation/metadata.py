"""What a list of traces shows of one."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.conversation.model import Content, Metadata
from evaluation.conversation.overlay import text_anywhere
from evaluation.conversation.said import final_response, user_content
from evaluation.conversation.tree import Forest, ModelRun
from evaluation.conversation.turns import Turn

PREVIEW_CHARACTERS = 200
_NS_PER_US = 1_000


def metadata_of(forest: Forest, turns: Sequence[Turn]) -> Metadata:
    """Describe a trace by its first turn.

    Args:
        forest: the trace taken apart.
        turns: its turns, those included that could not be read.
    """
    turn = turns[0] if turns else None
    call = turn.speaking[0] if turn and turn.speaking else None
    owner = turn.owner if turn else None
    is_anchor = (
        owner is not None and turn is not None and owner.view.span is turn.anchor
    )
    view = owner.view if owner is not None and is_anchor else None
    start_ns = turn.anchor.start_ns if turn else None
    return Metadata(
        agent_name=(view.agent_name if view else None)
        or _said_of(turn, "gen_ai.agent.name")
        or _root_name(forest),
        agent_id=view.agent_id if view else _said_of(turn, "gen_ai.agent.id"),
        model=_model(call, forest),
        response_model=call.response_model if call else None,
        provider=(call.provider if call else None) or forest.provider,
        start_time=None if start_ns is None else start_ns // _NS_PER_US,
        user_input_preview=_preview(user_content(turn)) if turn else None,
        final_output_preview=_preview(final_response(turn)) if turn else None,
    )


def _said_of(turn: Turn | None, name: str) -> str | None:
    """Return what the turn's span says of an agent without being one's span."""
    return text_anywhere(turn.anchor, name) if turn else None


def _root_name(forest: Forest) -> str | None:
    roots = forest.trace.roots
    return roots[0].name if roots else None


def _model(call: ModelRun | None, forest: Forest) -> str | None:
    asked = call.request_model if call else None
    return forest.model if asked is None else asked


def _preview(content: Content | None) -> str | None:
    text = content.text(" ") if content else ""
    if not text:
        return None
    cut = text[:PREVIEW_CHARACTERS]
    return cut + "..." if len(text) > PREVIEW_CHARACTERS else cut
